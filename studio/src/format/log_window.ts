/** A stretch of a growing text file; `offset` and `size` count bytes. */
export interface LogWindow {
  text: string;
  offset: number;
  size: number;
}

/** At most this many characters are kept; the beginning is let go of first. */
const MOST = 8 * 1024 * 1024;

const encoder = new TextEncoder();

/** The window with a later piece of the file; what it already has of the piece is left out. */
export function joinLog(known: LogWindow, piece: { offset: number; text: string }): LogWindow {
  const bytes = encoder.encode(piece.text);
  const end = piece.offset + bytes.length;
  if (end <= known.size) return known;
  const skip = Math.max(0, known.size - piece.offset);
  const added = skip === 0 ? piece.text : new TextDecoder().decode(bytes.subarray(skip));
  let text = known.text + added;
  let { offset } = known;
  if (text.length > MOST) {
    const cut = text.indexOf("\n", text.length - MOST / 2) + 1;
    offset += encoder.encode(text.slice(0, cut)).length;
    text = text.slice(cut);
  }
  return { text, offset, size: end };
}
