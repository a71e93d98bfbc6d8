//! Options that not every function of version 4 knows. An older one would ignore them in silence.

use crate::error::{Error, Kind, Result};
use crate::remotion::options::MediaOptions;

/// Refuses options that the function's version does not have yet.
///
/// # Errors
/// [`Kind::InvalidField`] with the members `since` and `functionVersion`.
pub fn known_to(version: &str, options: &MediaOptions) -> Result<()> {
    let newer = [("disableSharedMemoryCapture", options.disable_shared_memory_capture.is_some(), (4, 0, 534))];
    for (field, given, since) in newer {
        if given && release(version).is_none_or(|version| version < since) {
            let (major, minor, patch) = since;
            let since = format!("{major}.{minor}.{patch}");
            let detail = format!(
                "`{field}` exists since Remotion {since}, and the function runs {version}. Leave it out, or deploy a newer function and site."
            );
            return Err(Error::new(Kind::InvalidField, detail)
                .with("field", field)
                .with("expected", "to be left out with this function")
                .with("since", since)
                .with("functionVersion", version));
        }
    }
    Ok(())
}

/// The three numbers of a version. A pre-release counts as what it leads to.
fn release(version: &str) -> Option<(u32, u32, u32)> {
    let numbers = version.split(['-', '+']).next()?;
    let mut parts = numbers.split('.').map(str::parse);
    let release = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    parts.next().is_none().then_some(release)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_option_needs_a_newer_function() {
        let options = MediaOptions { disable_shared_memory_capture: Some(false), ..Default::default() };
        for version in ["4.0.534", "4.0.534-alpha1", "4.0.600", "4.1.0", "5.0.0"] {
            assert!(known_to(version, &options).is_ok(), "{version}");
        }
        for version in ["4.0.527", "4.0.533", "3.9.999", "", "4.0", "next"] {
            let error = known_to(version, &options).unwrap_err();
            assert_eq!((error.kind(), &error.members()["since"]), (Kind::InvalidField, &"4.0.534".into()), "{version}");
            assert!(known_to(version, &MediaOptions::default()).is_ok());
        }
    }
}
