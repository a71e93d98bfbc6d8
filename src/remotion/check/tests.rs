use super::*;
use crate::error::Kind;

fn checked(codec: Codec, options: &str) -> Result<()> {
    let options: MediaOptions = serde_json::from_str(options).unwrap_or_else(|error| panic!("{options}: {error}"));
    media(&options, codec, "my-site")
}

fn refused(codec: Codec, options: &str) -> (String, String) {
    let error = checked(codec, options).expect_err(options);
    assert_eq!(error.kind(), Kind::InvalidField);
    let member = |name: &str| error.members()[name].as_str().unwrap().to_owned();
    (member("field"), member("expected"))
}

#[test]
fn what_fails_in_the_function_is_refused() {
    use Codec::{Aac, Gif, H264, H265, Mp3, ProRes, Vp8, Vp9, Wav};
    for (codec, options, field) in [
        (H264, r#"{"frameRange":-1}"#, "frameRange"),
        (H264, r#"{"frameRange":[-1,5]}"#, "frameRange"),
        (H264, r#"{"frameRange":[5,-1]}"#, "frameRange"),
        (H264, r#"{"frameRange":[5,4]}"#, "frameRange"),
        (H264, r#"{"frameRange":10,"forceDurationInFrames":10}"#, "frameRange"),
        (H264, r#"{"frameRange":[0,10],"forceDurationInFrames":10}"#, "frameRange"),
        (H264, r#"{"frameRange":[10,null],"forceDurationInFrames":10}"#, "frameRange"),
        (H264, r#"{"forceDurationInFrames":0}"#, "forceDurationInFrames"),
        (H264, r#"{"forceHeight":0}"#, "forceHeight"),
        (H264, r#"{"forceWidth":-2}"#, "forceWidth"),
        (H264, r#"{"forceFps":0}"#, "forceFps"),
        (H264, r#"{"everyNthFrame":0}"#, "everyNthFrame"),
        (H264, r#"{"framesPerLambda":20,"concurrency":5}"#, "framesPerLambda"),
        (H264, r#"{"framesPerLambda":0}"#, "framesPerLambda"),
        (H264, r#"{"framesPerLambda":4,"frameRange":[0,99]}"#, "framesPerLambda"),
        (H264, r#"{"framesPerLambda":5,"frameRange":[0,1000]}"#, "framesPerLambda"),
        (H264, r#"{"framesPerLambda":5,"forceDurationInFrames":1001}"#, "framesPerLambda"),
        (H264, r#"{"framesPerLambda":5,"frameRange":[9,null],"forceDurationInFrames":1010}"#, "framesPerLambda"),
        (H264, r#"{"concurrency":0}"#, "concurrency"),
        (H264, r#"{"concurrency":201}"#, "concurrency"),
        (H264, r#"{"timeoutInMilliseconds":6999}"#, "timeoutInMilliseconds"),
        (H264, r#"{"jpegQuality":101}"#, "jpegQuality"),
        (H264, r#"{"jpegQuality":-1}"#, "jpegQuality"),
        (H264, r#"{"scale":0}"#, "scale"),
        (H264, r#"{"scale":16.1}"#, "scale"),
        (H264, r#"{"gopSize":0}"#, "gopSize"),
        (H264, r#"{"offthreadVideoCacheSizeInBytes":0}"#, "offthreadVideoCacheSizeInBytes"),
        (H264, r#"{"concurrencyPerLambda":0}"#, "concurrencyPerLambda"),
        (H264, r#"{"concurrencyPerLambda":"50"}"#, "concurrencyPerLambda"),
        (H264, r#"{"concurrencyPerLambda":"0.9%"}"#, "concurrencyPerLambda"),
        (H264, r#"{"concurrencyPerLambda":"5.%"}"#, "concurrencyPerLambda"),
        (H264, r#"{"chromiumOptions":{"gl":"opengl"}}"#, "chromiumOptions.gl"),
        (H264, r#"{"webhook":{"url":"ftp://e.com","secret":null}}"#, "webhook.url"),
        (H264, r#"{"webhook":{"url":"https://","secret":null}}"#, "webhook.url"),
        (H264, r#"{"outName":"a.webm"}"#, "outName"),
        (H264, r#"{"outName":"é.mp4"}"#, "outName"),
        (H264, r#"{"outName":"a.mp4","audioCodec":"pcm-16"}"#, "outName"),
        (H264, r#"{"outName":{"bucketName":"b-1","key":""}}"#, "outName.key"),
        (H264, r#"{"audioCodec":"opus"}"#, "audioCodec"),
        (H264, r#"{"audioCodec":"opus","outName":"a.mp4"}"#, "audioCodec"),
        (H264, r#"{"audioCodec":"opus","outName":{"bucketName":"b-1","key":"k"}}"#, "audioCodec"),
        (Gif, r#"{"audioCodec":"aac"}"#, "audioCodec"),
        (Wav, r#"{"muted":true}"#, "muted"),
        (H264, r#"{"audioBitrate":"320"}"#, "audioBitrate"),
        (H264, r#"{"videoBitrate":"4m"}"#, "videoBitrate"),
        (H264, r#"{"encodingBufferSize":"M"}"#, "encodingBufferSize"),
        (H264, r#"{"encodingMaxRate":"","encodingBufferSize":"1M"}"#, "encodingMaxRate"),
        (H264, r#"{"encodingMaxRate":"1M"}"#, "encodingMaxRate"),
        (H264, r#"{"crf":18,"videoBitrate":"1M"}"#, "crf"),
        (H264, r#"{"crf":0}"#, "crf"),
        (H264, r#"{"crf":51.5}"#, "crf"),
        (H265, r#"{"crf":52}"#, "crf"),
        (Vp8, r#"{"crf":3}"#, "crf"),
        (Vp9, r#"{"crf":64}"#, "crf"),
        (ProRes, r#"{"crf":1}"#, "crf"),
        (Mp3, r#"{"crf":18}"#, "crf"),
        (Gif, r#"{"crf":18,"concurrency":1}"#, "crf"),
        (Gif, r#"{"forceFps":60,"concurrency":1}"#, "forceFps"),
        (H264, r#"{"preferLossless":true,"concurrency":1}"#, "preferLossless"),
        (Mp3, r#"{"preferLossless":true,"concurrency":1,"audioCodec":"mp3"}"#, "preferLossless"),
        (H264, r#"{"proResProfile":"hq"}"#, "proResProfile"),
        (H265, r#"{"x264Preset":"fast"}"#, "x264Preset"),
        (H264, r#"{"numberOfGifLoops":3}"#, "numberOfGifLoops"),
        (Gif, r#"{"numberOfGifLoops":-1}"#, "numberOfGifLoops"),
        (H264, r#"{"imageFormat":"none"}"#, "imageFormat"),
        (H264, r#"{"pixelFormat":"rgb24"}"#, "pixelFormat"),
        (Aac, r#"{"pixelFormat":"rgb24"}"#, "pixelFormat"),
        (H264, r#"{"pixelFormat":"yuva420p","imageFormat":"png"}"#, "pixelFormat"),
        (Vp8, r#"{"pixelFormat":"yuva420p"}"#, "imageFormat"),
        (ProRes, r#"{"pixelFormat":"yuva444p10le","imageFormat":"jpeg"}"#, "imageFormat"),
    ] {
        assert_eq!(refused(codec, options).0, field, "{options}");
    }
    let error = media(&MediaOptions::default(), H264, "src/index.ts").unwrap_err();
    assert_eq!(error.members()["field"], "serveUrl");
}

#[test]
fn what_the_function_takes_is_not_refused() {
    use Codec::{Aac, Gif, H264, H265, Mp3, ProRes, Vp8, Vp9, Wav};
    for (codec, options) in [
        (H264, "{}"),
        (H264, r#"{"frameRange":0,"framesPerLambda":1}"#),
        (H264, r#"{"frameRange":[5,5]}"#),
        (H264, r#"{"frameRange":[9,null],"forceDurationInFrames":10}"#),
        (H264, r#"{"frameRange":[0,99999],"framesPerLambda":500}"#),
        (H264, r#"{"frameRange":[0,2000],"everyNthFrame":3,"framesPerLambda":5}"#),
        (H264, r#"{"framesPerLambda":3}"#),
        (H264, r#"{"framesPerLambda":5,"frameRange":[9,null]}"#),
        (H264, r#"{"concurrency":200,"everyNthFrame":2}"#),
        (H264, r#"{"timeoutInMilliseconds":7000,"scale":16,"jpegQuality":0,"maxRetries":0,"gopSize":1}"#),
        (H264, r#"{"concurrencyPerLambda":6}"#),
        (H264, r#"{"concurrencyPerLambda":"12.5%"}"#),
        (H264, r#"{"chromiumOptions":{"gl":null}}"#),
        (H264, r#"{"webhook":{"url":"HTTP://localhost:3000/hook","secret":null}}"#),
        (H264, r#"{"outName":""}"#),
        (H264, r#"{"outName":"folder/ä.mov","audioCodec":"pcm-16"}"#),
        (H264, r#"{"outName":{"bucketName":"b-1","key":"no-extension"}}"#),
        (H264, r#"{"crf":1.5,"encodingMaxRate":"2M","encodingBufferSize":"4000k","audioBitrate":"320K"}"#),
        (H264, r#"{"videoBitrate":"1.5M","x264Preset":"placebo"}"#),
        (H265, r#"{"crf":0}"#),
        (Vp9, r#"{"crf":0,"pixelFormat":"yuva420p","imageFormat":"png"}"#),
        (Vp8, r#"{"crf":63,"audioCodec":"pcm-16"}"#),
        (ProRes, r#"{"crf":0,"proResProfile":"4444","pixelFormat":"yuva444p10le","imageFormat":"png"}"#),
        (Gif, r#"{"numberOfGifLoops":0,"everyNthFrame":2,"crf":18,"x264Preset":"fast","muted":true}"#),
        (Aac, r#"{"imageFormat":"none","pixelFormat":"yuva444p10le","outName":"a.m4a"}"#),
        (Mp3, r#"{"imageFormat":"none","outName":"a.wav","audioCodec":"pcm-16"}"#),
        (Wav, r#"{"sampleRate":44100,"preferLossless":true,"concurrency":1}"#),
        (H264, r#"{"preferLossless":true,"concurrency":1,"audioCodec":"pcm-16"}"#),
        (H264, r#"{"preferLossless":true,"concurrency":1,"rendererFunctionName":"remotion-render-x"}"#),
        (Gif, r#"{"forceFps":60,"concurrency":1,"everyNthFrame":2}"#),
        (Gif, r#"{"forceFps":60}"#),
    ] {
        assert!(checked(codec, options).is_ok(), "{options}: {:?}", checked(codec, options));
    }
}

#[test]
fn everything_wrong_is_told_at_once() {
    let error = checked(Codec::Vp8, r#"{"scale":0,"crf":1,"proResProfile":"hq","outName":"a.mp4"}"#).unwrap_err();
    let errors = error.members()["errors"].as_array().unwrap();
    let fields: Vec<_> = errors.iter().map(|error| error["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["outName", "scale", "crf", "proResProfile"]);
    assert_eq!(error.members()["field"], "outName");
    assert!(!checked(Codec::Vp8, r#"{"scale":0}"#).unwrap_err().members().contains_key("errors"));
}

#[test]
fn messages_say_what_to_do() {
    for (options, expected) in [
        (r#"{"framesPerLambda":5,"frameRange":[0,1000]}"#, "at least 6, because 200 functions are the limit"),
        (r#"{"framesPerLambda":2,"frameRange":[0,3]}"#, "at least 4"),
        (r#"{"outName":"a.webm"}"#, "a name that ends in .mp4 or .mkv or .mov with these codecs"),
        (r#"{"crf":0}"#, "1 to 51 with codec h264"),
        (r#"{"numberOfGifLoops":1}"#, "to be left out with codec h264"),
        (r#"{"frameRange":[0,10],"forceDurationInFrames":10}"#, "frames below the 10 of forceDurationInFrames"),
    ] {
        assert_eq!(refused(Codec::H264, options).1, expected, "{options}");
    }
}
