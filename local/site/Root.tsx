import React from 'react';
import {Composition} from 'remotion';
import {Boom} from './Boom';
import {Demo, type DemoProps} from './Demo';
import {measure, Probe} from './Probe';

const defaults: DemoProps = {
	title: 'Rendergate',
	subtitle: 'An HTTP call went in, this video came out.',
	from: '#1b1464',
	to: '#b83280',
	accent: '#ffd166',
	seconds: 4,
};

export const Root: React.FC = () => (
	<>
		<Composition
			id="Demo"
			component={Demo}
			width={1280}
			height={720}
			fps={30}
			durationInFrames={120}
			defaultProps={defaults}
			calculateMetadata={({props}) => ({durationInFrames: Math.round(props.seconds * 30)})}
		/>
		<Composition id="Boom" component={Boom} width={320} height={180} fps={30} durationInFrames={24} />
		<Composition id="Probe" component={Probe} width={128} height={72} fps={30} defaultProps={{text: 'four'}} calculateMetadata={measure} />
	</>
);
