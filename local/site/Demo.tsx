import React from 'react';
import {AbsoluteFill, Audio, Easing, interpolate, spring, staticFile, useCurrentFrame, useVideoConfig} from 'remotion';
import {sounding} from './melody.mjs';

export type DemoProps = {
	title: string;
	subtitle: string;
	from: string;
	to: string;
	accent: string;
	seconds: number;
};

const clamp = {extrapolateLeft: 'clamp', extrapolateRight: 'clamp'} as const;

const Glow: React.FC<{color: string; x: number; y: number; size: number}> = ({color, x, y, size}) => (
	<div
		style={{
			position: 'absolute',
			left: x - size / 2,
			top: y - size / 2,
			width: size,
			height: size,
			background: `radial-gradient(circle, ${color} 0%, transparent 65%)`,
			opacity: 0.4,
			mixBlendMode: 'screen',
		}}
	/>
);

const Title: React.FC<{text: string; accent: string}> = ({text, accent}) => {
	const frame = useCurrentFrame();
	const {fps} = useVideoConfig();
	const underline = spring({frame, fps, delay: 22, config: {damping: 200}});
	return (
		<div style={{fontSize: 118, fontWeight: 700, letterSpacing: -3, position: 'relative', whiteSpace: 'pre'}}>
			{[...text].map((letter, i) => {
				const risen = spring({frame, fps, delay: 3 + i * 2, config: {damping: 11, mass: 0.6}});
				return (
					<span
						key={i}
						style={{
							display: 'inline-block',
							opacity: Math.min(1, risen * 1.4),
							transform: `translateY(${(1 - risen) * 90}px) rotate(${(1 - risen) * 14}deg)`,
						}}
					>
						{letter}
					</span>
				);
			})}
			<div
				style={{
					position: 'absolute',
					bottom: -14,
					left: 0,
					height: 10,
					width: `${underline * 100}%`,
					borderRadius: 5,
					background: accent,
				}}
			/>
		</div>
	);
};

const BARS = 48;
const LOWEST = -16;
const HIGHEST = 28;

const Bars: React.FC<{accent: string}> = ({accent}) => {
	const {fps, height} = useVideoConfig();
	const seconds = useCurrentFrame() / fps;
	const playing = sounding(seconds);
	return (
		<div
			style={{
				position: 'absolute',
				inset: `auto 80px 0 80px`,
				height: height * 0.3,
				display: 'flex',
				alignItems: 'flex-end',
				gap: 8,
			}}
		>
			{Array.from({length: BARS}, (_, i) => {
				const pitch = interpolate(i, [0, BARS - 1], [LOWEST, HIGHEST]);
				const heard = playing.reduce((sum, {semitones, level}) => sum + level * Math.exp(-(((pitch - semitones) / 2.6) ** 2)), 0);
				const idle = 0.05 + 0.02 * Math.sin(seconds * 3 + i * 0.7);
				return (
					<div
						key={i}
						style={{
							flex: 1,
							height: `${Math.min(1, idle + heard * 1.3) * 100}%`,
							borderRadius: '6px 6px 0 0',
							background: `linear-gradient(${accent}, rgba(255, 255, 255, 0.15))`,
						}}
					/>
				);
			})}
		</div>
	);
};

const Clock: React.FC<{accent: string}> = ({accent}) => {
	const frame = useCurrentFrame();
	const {durationInFrames, fps} = useVideoConfig();
	const part = (frame + 1) / durationInFrames;
	const around = 2 * Math.PI * 42;
	return (
		<div style={{position: 'absolute', top: 44, right: 52, width: 100, height: 100}}>
			<svg viewBox="0 0 100 100" style={{transform: 'rotate(-90deg)'}}>
				<circle cx="50" cy="50" r="42" fill="none" stroke="rgba(255,255,255,0.2)" strokeWidth="7" />
				<circle
					cx="50"
					cy="50"
					r="42"
					fill="none"
					stroke={accent}
					strokeWidth="7"
					strokeLinecap="round"
					strokeDasharray={`${part * around} ${around}`}
				/>
			</svg>
			<AbsoluteFill style={{alignItems: 'center', justifyContent: 'center', fontSize: 22, fontFamily: 'DejaVu Sans Mono'}}>
				{(frame / fps).toFixed(1)}
			</AbsoluteFill>
		</div>
	);
};

export const Demo: React.FC<DemoProps> = ({title, subtitle, from, to, accent}) => {
	const frame = useCurrentFrame();
	const {width, height, durationInFrames, fps} = useVideoConfig();
	const turn = interpolate(frame, [0, durationInFrames], [120, 165]);
	const told = interpolate(frame, [26, 44], [0, 1], {...clamp, easing: Easing.out(Easing.cubic)});
	const gone = interpolate(frame, [durationInFrames - 10, durationInFrames - 1], [0, 0.6], clamp);
	const t = frame / fps;
	return (
		<AbsoluteFill
			style={{
				background: `linear-gradient(${turn}deg, ${from}, ${to})`,
				color: 'white',
				fontFamily: 'DejaVu Sans, sans-serif',
			}}
		>
			<Glow color={accent} x={width * (0.2 + 0.05 * t)} y={height * (0.3 + 0.1 * Math.sin(t))} size={620} />
			<Glow color={to} x={width * (0.85 - 0.06 * t)} y={height * (0.7 - 0.1 * Math.sin(t * 1.3))} size={900} />
			<Bars accent={accent} />
			<AbsoluteFill style={{justifyContent: 'center', padding: '0 80px 130px'}}>
				<div style={{alignSelf: 'flex-start'}}>
					<Title text={title} accent={accent} />
				</div>
				<div style={{marginTop: 48, fontSize: 34, opacity: told, transform: `translateX(${(1 - told) * -40}px)`}}>{subtitle}</div>
			</AbsoluteFill>
			<Clock accent={accent} />
			<AbsoluteFill style={{backgroundColor: 'black', opacity: gone}} />
			<Audio src={staticFile('melody.wav')} />
		</AbsoluteFill>
	);
};
