import React from 'react';
import {AbsoluteFill, useCurrentFrame, type CalculateMetadataFunction} from 'remotion';

export type ProbeProps = {text: string};

/**
 * Shows by its length what reached it: as many frames as `text` has characters,
 * or as the environment variable FRAMES says.
 */
export const measure: CalculateMetadataFunction<ProbeProps> = ({props}) => ({
	durationInFrames: Number(process.env.FRAMES ?? [...props.text].length),
});

export const Probe: React.FC<ProbeProps> = ({text}) => {
	const frame = useCurrentFrame();
	return <AbsoluteFill style={{backgroundColor: `hsl(${frame * 40}, 60%, 40%)`, color: 'white'}}>{text.slice(0, 20)}</AbsoluteFill>;
};
