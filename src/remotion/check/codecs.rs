//! What goes with which codec. See <https://www.remotion.dev/docs/encoding>.

use super::Problems;
use crate::remotion::number::{Real, Whole};
use crate::remotion::options::MediaOptions;
use crate::remotion::output;
use crate::remotion::values::{AudioCodec, Codec, VideoImageFormat};

const PIXEL_FORMATS: [&str; 8] =
    ["yuv420p", "yuva420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv444p10le", "yuva444p10le"];

pub(super) fn check(options: &MediaOptions, codec: Codec, problems: &mut Problems) {
    sound(options, codec, problems);
    quality(options, codec, problems);
    pixels(options, codec, problems);
    let (name, gif) = (codec.as_str(), codec == Codec::Gif);
    let prores = options.pro_res_profile.is_none() || codec == Codec::ProRes;
    problems.unless(prores, "proResProfile", format!("to be left out with codec {name}"));
    let h264 = options.x264_preset.is_none() || chunk_codec(options, codec) == Codec::H264;
    problems.unless(h264, "x264Preset", format!("to be left out with codec {name}"));
    match options.number_of_gif_loops {
        Some(_) if !gif => problems.unless(false, "numberOfGifLoops", format!("to be left out with codec {name}")),
        Some(Whole(loops)) => problems.unless(loops >= 0, "numberOfGifLoops", "at least 0"),
        None => {}
    }
    let fps = options.force_fps.as_ref().map_or(0.0, Real::get);
    let every_nth = options.every_nth_frame.map_or(1, |Whole(nth)| nth.max(1));
    let slow = !gif || !is_alone(options) || fps / every_nth as f64 <= 50.0;
    problems.unless(slow, "forceFps", "at most 50 frames per second of a gif, after everyNthFrame");
}

/// Whether one function renders everything in one go, as functions do since 4.0.517.
fn is_alone(options: &MediaOptions) -> bool {
    options.concurrency == Some(Whole(1)) && options.renderer_function_name.is_none()
}

/// The codec of the chunks. A gif is put together from h264, unless one function renders all of it.
fn chunk_codec(options: &MediaOptions, codec: Codec) -> Codec {
    if codec == Codec::Gif && !is_alone(options) { Codec::H264 } else { codec }
}

fn is_audio(codec: Codec) -> bool {
    matches!(codec, Codec::Mp3 | Codec::Aac | Codec::Wav)
}

fn sound(options: &MediaOptions, codec: Codec, problems: &mut Problems) {
    let name = codec.as_str();
    let audio_codec = options.audio_codec.map(|codec| codec.as_str());
    let fits = output::extensions(name, audio_codec).is_ok();
    problems.unless(fits, "audioCodec", format!("an audio codec that fits codec {name}, or none"));
    let silent = options.muted == Some(true) && is_audio(codec);
    problems.unless(!silent, "muted", format!("false, because {name} is sound alone"));
    // One function writes the file at once, and by the codec's usual extension, which takes no lossless sound.
    let usual = matches!(codec, Codec::ProRes | Codec::Wav | Codec::Gif);
    let lossless = options.prefer_lossless == Some(true) && options.audio_codec != Some(AudioCodec::Pcm16);
    let fits = !lossless || usual || !is_alone(options);
    problems.unless(fits, "preferLossless", "audioCodec pcm-16 beside it with concurrency 1");
}

fn quality(options: &MediaOptions, codec: Codec, problems: &mut Problems) {
    for (field, rate) in [
        ("audioBitrate", &options.audio_bitrate),
        ("videoBitrate", &options.video_bitrate),
        ("encodingMaxRate", &options.encoding_max_rate),
        ("encodingBufferSize", &options.encoding_buffer_size),
    ] {
        let fine = rate
            .as_deref()
            .is_none_or(|rate| rate.ends_with(['K', 'k', 'M']) && rate.bytes().any(|byte| byte.is_ascii_digit()));
        problems.unless(fine, field, "a number followed by K, k or M, such as \"512K\"");
    }
    let buffered = options.encoding_max_rate.is_none() || options.encoding_buffer_size.is_some();
    problems.unless(buffered, "encodingMaxRate", "encodingBufferSize beside it");
    let Some(crf) = &options.crf else { return };
    problems.unless(options.video_bitrate.is_none(), "crf", "either crf or videoBitrate");
    let range = match chunk_codec(options, codec) {
        Codec::H264 => 1.0..=51.0,
        Codec::H265 => 0.0..=51.0,
        Codec::Vp8 => 4.0..=63.0,
        Codec::Vp9 => 0.0..=63.0,
        // The function takes 0 for none there.
        _ => 0.0..=0.0,
    };
    let expected = match range.end() {
        0.0 => format!("to be left out with codec {}", codec.as_str()),
        end => format!("{} to {end} with codec {}", range.start(), codec.as_str()),
    };
    problems.unless(range.contains(&crf.get()), "crf", expected);
}

fn pixels(options: &MediaOptions, codec: Codec, problems: &mut Problems) {
    let image_format = options.image_format.unwrap_or(VideoImageFormat::Jpeg);
    let frames = image_format != VideoImageFormat::None || is_audio(codec);
    problems.unless(frames, "imageFormat", format!("png or jpeg with codec {}", codec.as_str()));
    let Some(format) = options.pixel_format.as_deref() else { return };
    problems.unless(PIXEL_FORMATS.contains(&format), "pixelFormat", format!("one of {}", PIXEL_FORMATS.join(", ")));
    let fits = format != "yuva420p" || matches!(codec, Codec::Vp8 | Codec::Vp9);
    problems.unless(fits, "pixelFormat", "codec vp8 or vp9 beside yuva420p");
    let transparent = matches!(format, "yuva420p" | "yuva444p10le");
    let png = !transparent || is_audio(codec) || image_format != VideoImageFormat::Jpeg;
    problems.unless(png, "imageFormat", format!("png with pixelFormat {format}"));
}
