// What Remotion's guide for EC2 does: Basic authentication, a role assumed by STS in each request, one render.
// ASSUME_ROLE=0 leaves the role out.
import {AssumeRoleCommand, STSClient} from '@aws-sdk/client-sts';
import {renderMediaOnLambda} from '@remotion/lambda-client';
import express from 'express';

const {API_PASSWORD, API_USERNAME, ASSUME_ROLE, AWS_REGION: region, FUNCTION_NAME: functionName, PORT} = process.env;
const expected = `Basic ${Buffer.from(`${API_USERNAME}:${API_PASSWORD}`).toString('base64')}`;

const assumeRole = async () => {
	const client = new STSClient({region});
	const command = new AssumeRoleCommand({
		RoleArn: process.env.REMOTION_ROLE_ARN,
		RoleSessionName: process.env.REMOTION_ROLE_SESSION_NAME,
		DurationSeconds: 900,
	});
	const {Credentials} = await client.send(command);
	process.env.REMOTION_AWS_ACCESS_KEY_ID = Credentials.AccessKeyId;
	process.env.REMOTION_AWS_SECRET_ACCESS_KEY = Credentials.SecretAccessKey;
	process.env.REMOTION_AWS_SESSION_TOKEN = Credentials.SessionToken;
};

const app = express();
app.use(express.json({limit: '6mb'}));
app.post('/v1/renders', async (request, response) => {
	if (request.headers.authorization !== expected) {
		response.set('WWW-Authenticate', 'Basic').status(401).json({message: 'Unauthorized.'});
		return;
	}
	if (ASSUME_ROLE !== '0') await assumeRole();
	const {serveUrl, composition, codec, inputProps} = request.body;
	const {renderId, bucketName} = await renderMediaOnLambda({region, functionName, serveUrl, composition, codec, inputProps});
	response.status(202).json({message: 'Video rendered.', renderId, bucketName});
});
app.listen(Number(PORT), '127.0.0.1');
