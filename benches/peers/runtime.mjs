// The smallest client of the Lambda Runtime API that works; Lambda's own does more. usage: node runtime.mjs HANDLER
import http from 'node:http';
import {pathToFileURL} from 'node:url';

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const agent = new http.Agent({keepAlive: true});

const send = (method, path, body) =>
	new Promise((resolve, reject) => {
		const headers = body === undefined ? {} : {'content-length': Buffer.byteLength(body)};
		const request = http.request({host, port, agent, method, headers, path: `/2018-06-01/runtime/invocation/${path}`}, (response) => {
			const chunks = [];
			response.on('data', (chunk) => chunks.push(chunk));
			response.on('end', () => resolve({id: response.headers['lambda-runtime-aws-request-id'], body: Buffer.concat(chunks)}));
		});
		request.on('error', reject).end(body);
	});

const {handler} = await import(pathToFileURL(process.argv[2]));
for (;;) {
	const {id, body} = await send('GET', 'next');
	const answer = await handler(JSON.parse(body));
	await send('POST', `${id}/response`, JSON.stringify(answer));
}
