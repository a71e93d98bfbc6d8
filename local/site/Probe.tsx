import React, {useState} from 'react';
import {AbsoluteFill, delayRender, useCurrentFrame, type CalculateMetadataFunction} from 'remotion';

export type ProbeProps = {text: string; hangs?: 'measured' | 'drawn'};

/**
 * Shows by its length what reached it: as many frames as `text` has characters,
 * or as the environment variable FRAMES says. On demand it hangs for ever.
 */
export const measure: CalculateMetadataFunction<ProbeProps> = async ({props}) => {
	if (props.hangs === 'measured') {
		await new Promise(() => {});
	}
	return {durationInFrames: Number(process.env.FRAMES ?? [...props.text].length)};
};

export const Probe: React.FC<ProbeProps> = ({text, hangs}) => {
	const frame = useCurrentFrame();
	useState(() => hangs === 'drawn' && delayRender('Probe was told to hang'));
	return <AbsoluteFill style={{backgroundColor: `hsl(${frame * 40}, 60%, 40%)`, color: 'white'}}>{text.slice(0, 20)}</AbsoluteFill>;
};
