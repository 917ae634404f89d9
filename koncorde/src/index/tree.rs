//! Arrays and objects that conditions look inside, from their bytes to a tape.
//!
//! Cost: a second look at their bytes.

use super::lex::{Failed, Lexer, Scan};
use crate::json::Tape;

/// Reads a value that was checked before.
pub(super) fn read(lexer: &mut Lexer<'_>, at: usize, tape: &mut Tape) -> Scan {
    match lexer.peek(at) {
        Some(b'{') => read_object(lexer, at, tape),
        Some(b'[') => read_array(lexer, at, tape),
        Some(b'"') => read_string(lexer, at, tape),
        Some(b't' | b'f' | b'n') => {
            match lexer.peek(at) {
                Some(b'n') => tape.push_null(),
                word => tape.push_bool(word == Some(b't')),
            }
            lexer.word(at)
        }
        _ => {
            let (end, number) = lexer.number(at)?;
            let number = match number {
                Some(number) => number,
                None => lexer.exact_number(at, end)?,
            };
            tape.push_number(number);
            Ok(end)
        }
    }
}

fn read_object(lexer: &mut Lexer<'_>, at: usize, tape: &mut Tape) -> Scan {
    let start = tape.open();
    let mut at = lexer.blanks(at + 1);
    while lexer.peek(at) != Some(b'}') {
        at = read_string(lexer, at, tape)?;
        at = lexer.colon(at)?;
        at = read(lexer, at, tape)?;
        at = next(lexer, at);
    }
    tape.close_object(start);
    Ok(at + 1)
}

fn read_array(lexer: &mut Lexer<'_>, at: usize, tape: &mut Tape) -> Scan {
    let start = tape.open();
    let mut count = 0;
    let mut at = lexer.blanks(at + 1);
    while lexer.peek(at) != Some(b']') {
        at = read(lexer, at, tape)?;
        at = next(lexer, at);
        count += 1;
    }
    tape.close_array(start, count);
    Ok(at + 1)
}

/// Passes blanks and a comma.
fn next(lexer: &Lexer<'_>, at: usize) -> usize {
    let at = lexer.blanks(at);
    match lexer.peek(at) {
        Some(b',') => lexer.blanks(at + 1),
        _ => at,
    }
}

fn read_string(lexer: &mut Lexer<'_>, at: usize, tape: &mut Tape) -> Scan {
    let text = lexer.string(at)?;
    tape.push_string(|out| -> Result<(), Failed> {
        if text.has_escapes {
            lexer.unescape(&text, Some(out))?;
        } else {
            out.push_str(lexer.slice(&text));
        }
        Ok(())
    })?;
    Ok(text.end + 1)
}
