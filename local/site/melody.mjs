// One list of notes drives both what is heard (the WAV that bundle.mjs writes) and the bars that move to it.
const STEP = 0.25;
const PITCHES = [0, 4, 7, 12, 9, 12, 16, 19, 5, 9, 12, 17, 7, 12, 16, 24];

export const LENGTH = PITCHES.length * STEP;

const notes = PITCHES.flatMap((semitones, i) => [
	{at: i * STEP, semitones, volume: 0.5},
	...(i % 4 === 0 ? [{at: i * STEP, semitones: semitones - 12, volume: 0.6}] : []),
]);

const envelope = (age) => (age < 0 ? 0 : Math.min(1, age / 0.012) * Math.exp(-3.2 * age));

/** How loud each note sounds at `seconds`. */
export const sounding = (seconds) =>
	notes.map(({at, semitones, volume}) => ({semitones, level: volume * envelope(seconds - at)}));

/** The melody as a mono 16-bit WAV file. */
export const wav = (rate = 48000) => {
	const samples = Math.round(LENGTH * rate);
	const file = Buffer.alloc(44 + samples * 2);
	file.write('RIFF', 0);
	file.writeUInt32LE(file.length - 8, 4);
	file.write('WAVEfmt ', 8);
	file.writeUInt32LE(16, 16);
	file.writeUInt16LE(1, 20);
	file.writeUInt16LE(1, 22);
	file.writeUInt32LE(rate, 24);
	file.writeUInt32LE(rate * 2, 28);
	file.writeUInt16LE(2, 32);
	file.writeUInt16LE(16, 34);
	file.write('data', 36);
	file.writeUInt32LE(samples * 2, 40);
	for (let i = 0; i < samples; i++) {
		const t = i / rate;
		const fadeOut = Math.min(1, (LENGTH - t) / 0.1);
		let sum = 0;
		for (const {semitones, level} of sounding(t)) {
			if (level < 0.001) continue;
			const phase = 2 * Math.PI * 261.63 * 2 ** (semitones / 12) * t;
			sum += level * (Math.sin(phase) + 0.3 * Math.sin(2 * phase) + 0.1 * Math.sin(3 * phase));
		}
		file.writeInt16LE(Math.round(Math.tanh(sum * 0.8) * fadeOut * 26000), 44 + i * 2);
	}
	return file;
};
