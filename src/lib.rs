//! Rendergate: the door in front of Remotion Lambda.

#[cfg(test)]
mod tests {}
