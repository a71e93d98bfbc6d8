// Lambda's API for Remotion's function, deployed under one or more names, on 127.0.0.1: Invoke, ListFunctions, GetFunction.
// Lives until its stdin ends or SIGTERM comes.
// Environment: FUNCTION_NAMES (comma-separated; the first is kept warm), FUNCTION_DIR, RUN_DIR, AWS_ENDPOINT_URL; PORT (default 0: any). Prints {"port", "pid"} when ready.
import fs from 'node:fs';
import crypto from 'node:crypto';
import http from 'node:http';
import {invokeComplete, payloadChunk} from './event-stream.mjs';
import {functionArn, Workers} from './lambda-workers.mjs';

const MAX_CONCURRENCY = 20;
const {FUNCTION_NAMES, FUNCTION_DIR, RUN_DIR, AWS_ENDPOINT_URL, PORT = '0'} = process.env;

const functions = new Map();
// Who signed the invocations so far: shows which credentials a caller used.
const callers = [];

class Refusal extends Error {
	constructor(status, type, body) {
		super(type);
		Object.assign(this, {status, type, body});
	}
}

const readBody = async (request) => {
	const parts = [];
	for await (const part of request) parts.push(part);
	return Buffer.concat(parts);
};

const checkSignature = (headers) => {
	const key = /^AWS4-HMAC-SHA256 Credential=([^/]+)\//.exec(headers.authorization ?? '')?.[1];
	if (!key) throw new Refusal(403, 'MissingAuthenticationTokenException', {message: 'Missing Authentication Token'});
	const withToken = 'x-amz-security-token' in headers;
	// Keys of a role begin with ASIA and are worth nothing without their session token.
	if (key.startsWith('ASIA') && !withToken) {
		throw new Refusal(403, 'UnrecognizedClientException', {message: 'The security token included in the request is invalid.'});
	}
	return {accessKeyId: key, withToken};
};

const OPERATIONS = {
	'GET ': 'list',
	'GET name': 'get',
	'POST name/invocations': 'invoke',
	'POST name/response-streaming-invocations': 'stream',
};

const route = (method, url) => {
	const path = new URL(url, 'http://local').pathname;
	const [, encoded = '', rest] = /^\/(?:2015-03-31|2021-11-15)\/functions(?:\/([^/]*))?(.*)$/.exec(path) ?? [];
	const operation = OPERATIONS[`${method} ${encoded && 'name'}${rest}`];
	if (!operation) throw new Refusal(404, 'UnknownOperationException', {message: `${method} ${path} is not served here`});
	const name = decodeURIComponent(encoded).replace(/^arn:.*:function:/, '').replace(/:\$LATEST$/, '');
	if (name && !functions.has(name)) {
		throw new Refusal(404, 'ResourceNotFoundException', {Type: 'User', Message: `Function not found: ${functionArn(name)}`});
	}
	return {operation, workers: functions.get(name)};
};

const configuration = ({options: {functionName}, memoryMb, diskMb, timeoutSeconds}) => ({
	FunctionName: functionName,
	FunctionArn: functionArn(functionName),
	MemorySize: memoryMb,
	EphemeralStorage: {Size: diskMb},
	Timeout: timeoutSeconds,
	Version: '$LATEST',
});

const parseEvent = (body) => {
	try {
		return body.length ? JSON.parse(body) : {};
	} catch (error) {
		throw new Refusal(400, 'InvalidRequestContentException', {Type: 'User', Message: `Could not parse request body into json: ${error.message}`});
	}
};

// What a function does that runs out of memory.
const crash = () => {
	for (const workers of functions.values()) workers.stop();
};

const answer = async (request, response) => {
	if (request.url === '/callers') return response.end(JSON.stringify(callers));
	if (request.url === '/crash') {
		crash();
		return response.end('{}');
	}
	const body = await readBody(request);
	const {operation, workers} = route(request.method, request.url);
	const caller = checkSignature(request.headers);
	if (operation === 'list') return response.end(JSON.stringify({Functions: [...functions.values()].map(configuration)}));
	if (operation === 'get') return response.end(JSON.stringify({Configuration: configuration(workers)}));
	const event = parseEvent(body);
	const busy = [...functions.values()].reduce((sum, {busy}) => sum + busy, 0);
	if (busy >= MAX_CONCURRENCY) {
		throw new Refusal(429, 'TooManyRequestsException', {Reason: 'ConcurrentInvocationLimitExceeded', Type: 'User', message: 'Rate Exceeded.'});
	}
	callers.push({...caller, type: event.type, functionName: workers.options.functionName});
	const headers = {'x-amzn-requestid': crypto.randomUUID(), 'x-amz-executed-version': '$LATEST'};

	if (operation === 'stream') {
		response.writeHead(200, {...headers, 'content-type': 'application/vnd.amazon.eventstream'});
		response.flushHeaders();
		const error = await workers.invoke(event, (chunk) => response.write(payloadChunk(chunk)));
		const code = error?.errorType.startsWith('Sandbox.') || error?.errorType.startsWith('Runtime.') ? error.errorType : 'Unhandled';
		return response.end(invokeComplete(error ? {ErrorCode: code, ErrorDetails: JSON.stringify(error)} : {}));
	}
	if (request.headers['x-amz-invocation-type'] === 'Event') {
		response.writeHead(202, headers).end();
		return await workers.invoke(event, () => {});
	}
	const chunks = [];
	const error = await workers.invoke(event, (chunk) => chunks.push(chunk));
	response.writeHead(200, {...headers, 'content-type': 'application/json', ...(error && {'x-amz-function-error': 'Unhandled'})});
	response.end(error ? JSON.stringify(error) : Buffer.concat(chunks));
};

const server = http.createServer((request, response) => {
	answer(request, response).catch((error) => {
		if (!(error instanceof Refusal)) console.error(error);
		const {status = 500, type = 'ServiceException', body = {Type: 'Service', Message: error.message}} = error;
		if (response.headersSent) return response.destroy();
		response.writeHead(status, {'content-type': 'application/json', 'x-amzn-errortype': type, 'x-amzn-requestid': crypto.randomUUID()});
		response.end(JSON.stringify(body));
	});
});

const stop = () => {
	crash();
	process.exit(0);
};
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
process.stdin.on('end', stop).on('error', stop).resume();

server.keepAliveTimeout = 60_000;
server.listen(Number(PORT), '127.0.0.1', () => {
	const {port} = server.address();
	for (const functionName of FUNCTION_NAMES.split(',')) {
		functions.set(functionName, new Workers({
			functionName,
			functionDir: FUNCTION_DIR,
			// Node compares paths by their text: a symbolic link here would make the write guard refuse everything.
			runDir: fs.realpathSync(RUN_DIR),
			awsEndpoint: AWS_ENDPOINT_URL,
			lambdaEndpoint: `http://127.0.0.1:${port}`,
		}));
	}
	functions.values().next().value.warmUp();
	console.log(JSON.stringify({port, pid: process.pid}));
});
