use super::*;

#[test]
fn in_china_the_address_has_the_chinese_domain() {
    let metadata = RenderMetadata { codec: Some("wav".into()), render_id: "m1yq8x2c0v".into(), ..Default::default() };
    let location = expected(&metadata, "b-1", "cn-north-1").unwrap();
    assert_eq!(location.url, "https://s3.cn-north-1.amazonaws.com.cn/b-1/renders/m1yq8x2c0v/out.wav");
}

#[test]
fn a_default_name_passes_the_check_of_names() {
    for codec in ["h264", "h265", "vp8", "vp9", "prores", "gif", "mp3", "aac", "wav"] {
        for audio in [None, Some("aac"), Some("mp3"), Some("opus"), Some("pcm-16")] {
            let Ok(fitting) = extensions(codec, audio) else { continue };
            for extension in fitting {
                assert_eq!(check_file_name(&format!("a.b.{extension}"), codec, audio), Ok(()));
            }
        }
    }
}

#[test]
fn errors_say_what_to_do() {
    let error = check_file_name("a.webm", "h264", None).unwrap_err();
    assert_eq!(error.to_string(), "the extension of \"a.webm\" does not fit the codecs; use mp4, mkv, mov");
    for name in ["", "mp4", "a.mp4/b", "a.mp4?", "a%2emp5", "a%.mp5"] {
        assert!(check_file_name(name, "h264", None).is_err(), "{name}");
    }
    for name in [".mp4", "a%2Emp4", "a.m%704", "100%.mp4", "a.webm.mp4"] {
        assert_eq!(check_file_name(name, "h264", None), Ok(()), "{name}");
    }
}
