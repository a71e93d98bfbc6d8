// usage: node bundle.mjs OUT_DIR
import fs from 'node:fs';
import path from 'node:path';
import {bundle} from '@remotion/bundler';
import {wav} from './melody.mjs';

const here = import.meta.dirname;
const {bucket, prefix} = JSON.parse(fs.readFileSync(path.join(here, 'place.json')));

const publicDir = path.join(here, 'public');
fs.mkdirSync(publicDir, {recursive: true});
fs.writeFileSync(path.join(publicDir, 'melody.wav'), wav());

await bundle({
	entryPoint: path.join(here, 'index.ts'),
	outDir: path.resolve(process.argv[2]),
	publicDir,
	// The local S3 is addressed path style, so the bucket is part of the path.
	publicPath: `/${bucket}/${prefix}/`,
	enableCaching: false,
	onProgress: () => {},
});
