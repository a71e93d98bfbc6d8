// Lambda's Invoke API for one function, Remotion's, on 127.0.0.1. Lives until its stdin ends or SIGTERM comes.
// Environment: FUNCTION_NAME, FUNCTION_DIR, RUN_DIR, AWS_ENDPOINT_URL; PORT (default 0: any). Prints {"port", "pid"} when ready.
import fs from 'node:fs';
import crypto from 'node:crypto';
import http from 'node:http';
import {invokeComplete, payloadChunk} from './event-stream.mjs';
import {functionArn, Workers} from './lambda-workers.mjs';

const MAX_CONCURRENCY = 20;
const {FUNCTION_NAME, FUNCTION_DIR, RUN_DIR, AWS_ENDPOINT_URL, PORT = '0'} = process.env;

let workers;
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

const route = (method, url) => {
	const path = new URL(url, 'http://local').pathname;
	const found = /^\/(?:2015-03-31|2021-11-15)\/functions\/([^/]+)\/(invocations|response-streaming-invocations)$/.exec(path);
	if (method !== 'POST' || !found) throw new Refusal(404, 'UnknownOperationException', {message: `${method} ${path} is not served here`});
	const name = decodeURIComponent(found[1]).replace(/^arn:.*:function:/, '').replace(/:\$LATEST$/, '');
	if (name !== FUNCTION_NAME) {
		throw new Refusal(404, 'ResourceNotFoundException', {Type: 'User', Message: `Function not found: ${functionArn(name)}`});
	}
	return {streaming: found[2] !== 'invocations'};
};

const parseEvent = (body) => {
	try {
		return body.length ? JSON.parse(body) : {};
	} catch (error) {
		throw new Refusal(400, 'InvalidRequestContentException', {Type: 'User', Message: `Could not parse request body into json: ${error.message}`});
	}
};

const answer = async (request, response) => {
	if (request.url === '/callers') return response.end(JSON.stringify(callers));
	const body = await readBody(request);
	const {streaming} = route(request.method, request.url);
	const caller = checkSignature(request.headers);
	const event = parseEvent(body);
	if (workers.busy >= MAX_CONCURRENCY) {
		throw new Refusal(429, 'TooManyRequestsException', {Reason: 'ConcurrentInvocationLimitExceeded', Type: 'User', message: 'Rate Exceeded.'});
	}
	callers.push({...caller, type: event.type});
	const headers = {'x-amzn-requestid': crypto.randomUUID(), 'x-amz-executed-version': '$LATEST'};

	if (streaming) {
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
	workers?.stop();
	process.exit(0);
};
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
process.stdin.on('end', stop).on('error', stop).resume();

server.keepAliveTimeout = 60_000;
server.listen(Number(PORT), '127.0.0.1', () => {
	const {port} = server.address();
	workers = new Workers({
		functionName: FUNCTION_NAME,
		functionDir: FUNCTION_DIR,
		// Node compares paths by their text: a symbolic link here would make the write guard refuse everything.
		runDir: fs.realpathSync(RUN_DIR),
		awsEndpoint: AWS_ENDPOINT_URL,
		lambdaEndpoint: `http://127.0.0.1:${port}`,
	});
	workers.warmUp();
	console.log(JSON.stringify({port, pid: process.pid}));
});
