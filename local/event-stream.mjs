// application/vnd.amazon.eventstream, as far as InvokeWithResponseStream needs it.
import zlib from 'node:zlib';

const STRING = 7;

const header = (name, value) => {
	const text = Buffer.from(value);
	const length = Buffer.alloc(2);
	length.writeUInt16BE(text.length);
	return Buffer.concat([Buffer.from([name.length]), Buffer.from(name), Buffer.from([STRING]), length, text]);
};

const message = (eventType, contentType, payload) => {
	const headers = Buffer.concat([
		header(':event-type', eventType),
		header(':content-type', contentType),
		header(':message-type', 'event'),
	]);
	const out = Buffer.alloc(16 + headers.length + payload.length);
	out.writeUInt32BE(out.length, 0);
	out.writeUInt32BE(headers.length, 4);
	out.writeUInt32BE(zlib.crc32(out.subarray(0, 8)), 8);
	headers.copy(out, 12);
	payload.copy(out, 12 + headers.length);
	out.writeUInt32BE(zlib.crc32(out.subarray(0, -4)), out.length - 4);
	return out;
};

export const payloadChunk = (bytes) => message('PayloadChunk', 'application/octet-stream', bytes);
export const invokeComplete = (outcome) => message('InvokeComplete', 'application/json', Buffer.from(JSON.stringify(outcome)));
