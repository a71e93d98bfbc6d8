// One execution environment: loads Remotion's own bundle and answers invocations that the host sends over IPC.
//
// DANGER: at the start of every invocation the bundle deletes all it finds under "/tmp". This process therefore works
// only if (1) the bundle is the known one and its "/tmp" could be replaced by WORKER_DIR, and (2) Node's permission
// model forbids it to write anywhere else. In any other case it exits with 97 before the bundle is loaded.
'use strict';
const crypto = require('node:crypto');
const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');
const {Writable} = require('node:stream');

const {WORKER_DIR, FUNCTION_DIR, BROWSER} = process.env;

const refuse = (why) => {
	console.error(`function-worker refuses to run: ${why}`);
	process.exit(97);
};

const guardWrites = () => {
	const {permission} = process;
	if (!permission) refuse('the permission model of Node is off');
	for (const outside of ['/', '/tmp', path.dirname(WORKER_DIR)]) {
		if (permission.has('fs.write', outside)) refuse(`it may write to ${outside}`);
	}
	if (!permission.has('fs.write', path.join(WORKER_DIR, 'any'))) refuse('it may not write in its own folder');
};

const guardedSource = (file) => {
	const bytes = fs.readFileSync(file);
	const known = fs.readFileSync(path.join(__dirname, 'function.sha256'), 'utf8').split(' ')[0];
	if (crypto.createHash('sha256').update(bytes).digest('hex') !== known) {
		refuse(`${file} is not the known bundle (sha256)`);
	}
	const replace = (source, literal, by, times) => {
		const parts = source.split(JSON.stringify(literal));
		if (parts.length - 1 !== times) refuse(`"${literal}" occurs ${parts.length - 1} times in ${file}, not ${times}`);
		return parts.join(JSON.stringify(by));
	};
	const source = replace(bytes.toString('utf8'), '/tmp', WORKER_DIR, 3);
	return replace(source, '/opt/bin/chromium', BROWSER, 1);
};

// What Lambda's Node runtime offers to functions; the bundle looks for it while it loads.
const STREAMING = Symbol('streaming handler');
globalThis.awslambda = {
	streamifyResponse: (handler) => Object.assign(handler, {[STREAMING]: true}),
	HttpResponseStream: {from: (stream) => stream},
};

const loadHandler = () => {
	guardWrites();
	const file = path.join(FUNCTION_DIR, 'index.js');
	const source = guardedSource(file);
	const bundle = new Module(file, null);
	bundle.filename = file;
	bundle.paths = [];
	bundle._compile(source, file);
	if (!bundle.exports.handler[STREAMING]) throw new Error('the bundle did not register a streaming handler');
	return bundle.exports.handler;
};

const answer = async (handler, {id, event, deadline, arn}) => {
	const stream = new Writable({
		write: (chunk, encoding, done) => process.send({op: 'chunk', id, chunk: Buffer.from(chunk)}, done),
	});
	stream.setContentType = () => {};
	// A cancelled renderer still writes after the end; unheard, that error would end the process later.
	stream.on('error', (error) => console.error('late write ignored:', error.code));
	const context = {
		awsRequestId: id,
		invokedFunctionArn: arn,
		functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
		functionVersion: '$LATEST',
		memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
		getRemainingTimeInMillis: () => deadline - Date.now(),
	};
	try {
		await handler(event, stream, context);
		if (!stream.writableFinished) await new Promise((resolve) => stream.end(resolve));
		process.send({op: 'done', id});
	} catch (error) {
		const trace = String(error?.stack ?? error).split('\n');
		process.send({op: 'fail', id, error: {errorType: error?.name ?? 'Error', errorMessage: error?.message ?? String(error), trace}});
	}
};

process.on('disconnect', () => process.exit(0));
process.on('unhandledRejection', (error) => console.error('unhandled rejection:', error));
const handler = loadHandler();
process.on('message', (message) => answer(handler, message));
process.send({op: 'ready'});
