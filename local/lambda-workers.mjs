// The execution environments of the function: one process per concurrent invocation, reused when idle.
import {spawn} from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

const ACCOUNT = '123456789012';
export const REGION = 'us-east-1';
export const functionArn = (name) => `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}`;

const knows = (flag) => process.allowedNodeEnvironmentFlags.has(flag);

// The second guard of function-worker.cjs, which checks that it is on.
export const permissionFlags = (dir) => [
	knows('--permission') ? '--permission' : '--experimental-permission',
	'--allow-fs-read=*',
	`--allow-fs-write=${dir}/*`,
	'--allow-child-process',
	...(knows('--allow-net') ? ['--allow-net'] : []),
	'--no-warnings',
];

// A function of another name was given these by whoever deployed it.
const DEFAULT_LIMITS = [2048, 2048, 120];
let started = 0;

export class Workers {
	#idle = [];
	#all = new Set();
	busy = 0;

	/** @param {{functionName: string, functionDir: string, runDir: string, awsEndpoint: string, lambdaEndpoint: string}} options */
	constructor(options) {
		this.options = options;
		const told = /-mem(\d+)mb-disk(\d+)mb-(\d+)sec$/.exec(options.functionName)?.slice(1).map(Number);
		[this.memoryMb, this.diskMb, this.timeoutSeconds] = told ?? DEFAULT_LIMITS;
	}

	/** Starts one environment ahead of the first invocation. */
	warmUp() {
		this.#idle.push(this.#start());
	}

	/** Runs one invocation; resolves to null or to the error as Lambda words it. */
	async invoke(event, onChunk) {
		this.busy++;
		const worker = this.#idle.pop() ?? this.#start();
		try {
			await worker.ready;
			const {error, reusable} = await this.#run(worker, event, onChunk);
			if (reusable) this.#idle.push(worker);
			else this.#kill(worker);
			return error;
		} catch (error) {
			console.error(error.message);
			return {errorType: 'Runtime.ExitError', errorMessage: error.message};
		} finally {
			this.busy--;
		}
	}

	stop() {
		for (const worker of this.#all) this.#kill(worker);
	}

	#run(worker, event, onChunk) {
		const id = crypto.randomUUID();
		const deadline = Date.now() + this.timeoutSeconds * 1000;
		return new Promise((resolve) => {
			const end = (error, reusable) => {
				clearTimeout(timer);
				worker.heard = () => {};
				resolve({error, reusable});
			};
			const timer = setTimeout(() => {
				const errorMessage = `${new Date().toISOString()} ${id} Task timed out after ${this.timeoutSeconds}.00 seconds`;
				end({errorType: 'Sandbox.Timedout', errorMessage}, false);
			}, deadline - Date.now());
			worker.heard = (message) => {
				if (message.op === 'exit') {
					end({errorType: 'Runtime.ExitError', errorMessage: `RequestId: ${id} Error: Runtime exited with error: ${message.how}`}, false);
				} else if (message.id !== id) {
					return;
				} else if (message.op === 'chunk') {
					onChunk(Buffer.from(message.chunk));
				} else {
					end(message.error ?? null, true);
				}
			};
			worker.child.send({id, event, deadline, arn: functionArn(this.options.functionName)});
		});
	}

	#start() {
		const {functionName, functionDir, runDir, awsEndpoint, lambdaEndpoint} = this.options;
		const name = `worker-${++started}`;
		const dir = path.join(runDir, name);
		fs.mkdirSync(dir);
		const log = fs.openSync(`${dir}.log`, 'w');
		const child = spawn(process.execPath, [...permissionFlags(dir), path.join(import.meta.dirname, 'function-worker.cjs')], {
			cwd: dir,
			// Its own process group, so that everything it starts can be ended with it.
			detached: true,
			stdio: ['ignore', log, log, 'ipc'],
			serialization: 'advanced',
			env: {
				PATH: process.env.PATH,
				HOME: dir,
				TMPDIR: dir,
				LANG: 'en_US.UTF-8',
				TZ: ':UTC',
				AWS_LAMBDA_FUNCTION_NAME: functionName,
				AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
				AWS_LAMBDA_FUNCTION_MEMORY_SIZE: this.memoryMb,
				AWS_REGION: REGION,
				AWS_ACCESS_KEY_ID: 'function',
				AWS_SECRET_ACCESS_KEY: 'function',
				AWS_ENDPOINT_URL: awsEndpoint,
				AWS_ENDPOINT_URL_LAMBDA: lambdaEndpoint,
				...(process.env.CHROMIUM_BIN && {CHROMIUM_BIN: process.env.CHROMIUM_BIN}),
				WORKER_DIR: dir,
				FUNCTION_DIR: functionDir,
				BROWSER: path.join(import.meta.dirname, 'chromium-wrapper'),
			},
		});
		fs.closeSync(log);
		const worker = {child, heard: () => {}};
		this.#all.add(worker);
		worker.ready = new Promise((resolve, reject) => {
			child.on('error', reject);
			child.on('message', (message) => (message.op === 'ready' ? resolve() : worker.heard(message)));
			child.on('exit', (code, signal) => {
				this.#all.delete(worker);
				this.#idle = this.#idle.filter((other) => other !== worker);
				reject(new Error(`${name} ended with ${code ?? signal}, see ${dir}.log`));
				worker.heard({op: 'exit', how: code ?? signal});
			});
		});
		worker.ready.catch(() => {});
		return worker;
	}

	#kill({child}) {
		try {
			process.kill(-child.pid, 'SIGKILL');
		} catch (error) {
			if (error.code !== 'ESRCH') throw error;
		}
	}
}
