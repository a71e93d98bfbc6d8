import React from 'react';
import {AbsoluteFill, useCurrentFrame} from 'remotion';

const FAILS_AT = 12;

/** Fails on purpose, to show how a failed render is reported. */
export const Boom: React.FC = () => {
	const frame = useCurrentFrame();
	if (frame === FAILS_AT) {
		throw new Error(`Boom fails on purpose at frame ${FAILS_AT}`);
	}
	return <AbsoluteFill style={{backgroundColor: `hsl(${frame * 10}, 60%, 40%)`}} />;
};
