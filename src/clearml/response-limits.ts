// How large an answer of the server may be, by endpoint: what is larger ends the call while it arrives, before it fills the memory.

export interface ResponseLimits {
  readonly bytes: number;
  /** Lists and objects inside each other. */
  readonly depth: number;
  /** Values, counted by commas and brackets: small ones take many times their own length in memory. */
  readonly values: number;
}

const MIB = 1024 * 1024;

/**
 * By what a server can hold: MongoDB keeps a document below 16 MiB, and a page of the console has 500 events of 64 KiB. All other
 * answers are a few numbers, or an error.
 */
const BYTES: Readonly<Record<string, number>> = {
  'tasks.get_by_id': 32 * MIB,
  'tasks.get_all': 32 * MIB,
  'queues.get_all': 32 * MIB,
  'projects.get_by_id': 16 * MIB,
  'workers.get_all': 8 * MIB,
  'events.get_task_log': 64 * MIB,
};
const OTHER_BYTES = MIB;

/** MongoDB takes documents of up to 100 levels; the envelope has a few more. */
const DEPTH = 128;
const VALUES = 2_000_000;

export function limitsOf(endpoint: string): ResponseLimits {
  return { bytes: BYTES[endpoint] ?? OTHER_BYTES, depth: DEPTH, values: VALUES };
}

/** Counts what arrives, piece by piece. */
export interface ResponseGauge {
  /** What is too much of it by now, in words; undefined while all is within the limits. */
  add(piece: Uint8Array): string | undefined;
}

/** Reads JSON as far as brackets and strings go; of a text that is no JSON the size counts. */
export function createResponseGauge(limits: ResponseLimits): ResponseGauge {
  let bytes = 0;
  let depth = 0;
  let values = 0;
  let isInString = false;
  let isEscaped = false;

  return {
    add(piece) {
      bytes += piece.length;
      if (bytes > limits.bytes) return tooLarge(limits);
      // By index, and not by the iterator: this runs for each byte of each answer.
      const { length } = piece;
      for (let at = 0; at < length; at += 1) {
        const byte = piece[at];
        if (isInString) {
          if (isEscaped) isEscaped = false;
          else if (byte === QUOTE) isInString = false;
          else if (byte === BACKSLASH) isEscaped = true;
        } else if (byte === QUOTE) isInString = true;
        else if (byte === COMMA) values += 1;
        else if (byte === OPENING_LIST || byte === OPENING_OBJECT) {
          values += 1;
          depth += 1;
          if (depth > limits.depth) return `it nests lists and objects more than ${limits.depth} deep`;
        } else if (byte === CLOSING_LIST || byte === CLOSING_OBJECT) depth -= 1;
      }
      return values > limits.values ? `it holds more than ${limits.values} values` : undefined;
    },
  };
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPENING_LIST = 0x5b;
const CLOSING_LIST = 0x5d;
const OPENING_OBJECT = 0x7b;
const CLOSING_OBJECT = 0x7d;

/** The sentence for an answer that is too long, also where its header says so. */
export function tooLarge({ bytes }: ResponseLimits): string {
  return `it is larger than ${bytes / MIB} MiB`;
}
