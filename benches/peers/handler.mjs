// What one writes who follows Remotion's guides: a Lambda function behind an HTTP API.
import {getRenderProgress, renderMediaOnLambda} from '@remotion/lambda-client';

const region = process.env.AWS_REGION;
const functionName = process.env.FUNCTION_NAME;

const answer = (statusCode, body) => ({statusCode, headers: {'content-type': 'application/json'}, body: JSON.stringify(body)});

export const handler = async (event) => {
	if (event.requestContext.http.method === 'POST') {
		const {serveUrl, composition, codec, inputProps} = JSON.parse(event.body);
		return answer(202, await renderMediaOnLambda({region, functionName, serveUrl, composition, codec, inputProps}));
	}
	const [, , bucketName, renderId] = event.rawPath.split('/').pop().split('~');
	return answer(200, await getRenderProgress({region, functionName, bucketName, renderId}));
};
