// Shows that both guards of function-worker.cjs hold. Runs stand-ins, never Remotion's bundle: see README.md.
import assert from 'node:assert/strict';
import {spawn, spawnSync} from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import {permissionFlags} from './lambda-workers.mjs';

const here = import.meta.dirname;
fs.mkdirSync(path.join(here, '.run'), {recursive: true});
const dir = fs.realpathSync(fs.mkdtempSync(path.join(here, '.run/guards-')));
const workerDir = path.join(dir, 'worker');
fs.mkdirSync(workerDir);
fs.copyFileSync(path.join(here, 'function-worker.cjs'), path.join(dir, 'function-worker.cjs'));

const bundle = (tmps, browsers) =>
	[...Array(tmps).fill('"/tmp"'), ...Array(browsers).fill('"/opt/bin/chromium"'), 'exports.handler = awslambda.streamifyResponse(() => {})'].join(';\n');

/** Starts a worker with that bundle; resolves to its exit code and error text, or to {ready: true}. */
const start = (source, {sha256 = crypto.createHash('sha256').update(source).digest('hex'), flags = permissionFlags(workerDir)} = {}) => {
	fs.writeFileSync(path.join(dir, 'index.js'), source);
	fs.writeFileSync(path.join(dir, 'function.sha256'), `${sha256}  index.js\n`);
	const child = spawn(process.execPath, [...flags, path.join(dir, 'function-worker.cjs')], {
		env: {WORKER_DIR: workerDir, FUNCTION_DIR: dir, BROWSER: '/bin/false'},
		stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
	});
	let stderr = '';
	child.stderr.on('data', (text) => (stderr += text));
	return new Promise((resolve) => {
		child.on('close', (code) => resolve({code, stderr}));
		child.on('message', () => {
			resolve({ready: true});
			child.disconnect();
		});
	});
};

const refused = async (reason, ...worker) => {
	const {code, stderr} = await start(...worker);
	assert.equal(code, 97, `expected a refusal (${reason}), got ${code}: ${stderr}`);
	assert.match(stderr, reason);
};

const remove = (file) =>
	spawnSync(process.execPath, [...permissionFlags(workerDir), '-e', `fs.rmSync(${JSON.stringify(file)}, {force: true})`], {encoding: 'utf8'});

try {
	assert.deepEqual(await start(bundle(3, 1)), {ready: true});
	await refused(/"\/tmp" occurs 2 times/, bundle(2, 1));
	await refused(/"\/tmp" occurs 4 times/, bundle(4, 1));
	await refused(/"\/opt\/bin\/chromium" occurs 2 times/, bundle(3, 2));
	await refused(/sha256/, bundle(3, 1), {sha256: '0'.repeat(64)});
	await refused(/permission model of Node is off/, bundle(3, 1), {flags: []});
	await refused(/may write to \//, bundle(3, 1), {flags: permissionFlags(workerDir).map((flag) => flag.replace(/^--allow-fs-write=.*/, '--allow-fs-write=*'))});

	const [inside, outside] = [path.join(workerDir, 'file'), path.join(dir, 'file')];
	for (const file of [inside, outside]) fs.writeFileSync(file, '');
	assert.equal(remove(inside).status, 0);
	assert.equal(fs.existsSync(inside), false);
	assert.match(remove(outside).stderr, /ERR_ACCESS_DENIED/);
	assert.equal(fs.existsSync(outside), true);
} finally {
	fs.rmSync(dir, {recursive: true});
}
console.log('guards hold');
