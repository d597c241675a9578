// Limits the size of a response by endpoint: a larger one ends the call while it arrives, before it fills the memory.

export interface ResponseLimits {
  readonly bytes: number;
  /** Nesting of lists and objects. */
  readonly depth: number;
  /** Values, counted by commas and brackets: a small value takes many times its length in memory. */
  readonly values: number;
}

const MIB = 1024 * 1024;

/**
 * MongoDB limits a document to 16 MiB, and a console page has 500 events of 64 KiB. Every other response is a few numbers or an
 * error.
 */
const BYTES: Readonly<Record<string, number>> = {
  'tasks.get_by_id': 32 * MIB,
  'tasks.get_all': 32 * MIB,
  'queues.get_all': 32 * MIB,
  // One queue, which is one document. JSON writes a control character in 6 bytes.
  'queues.get_by_id': 104 * MIB,
  'projects.get_by_id': 16 * MIB,
  'workers.get_all': 8 * MIB,
  'events.get_task_log': 64 * MIB,
};
const OTHER_BYTES = MIB;

/** MongoDB limits documents to 100 levels; the envelope adds a few. */
const DEPTH = 128;
const VALUES = 2_000_000;

export function limitsOf(endpoint: string): ResponseLimits {
  return { bytes: BYTES[endpoint] ?? OTHER_BYTES, depth: DEPTH, values: VALUES };
}

/** Counts a response chunk by chunk. */
export interface ResponseGauge {
  /** The limit that is exceeded, as a message; undefined while the response is within all limits. */
  add(piece: Uint8Array): string | undefined;
}

/** Follows only brackets and strings of the JSON. For a text that is not JSON, only the size counts. */
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
      // By index, not by iterator: this runs for each byte of each response.
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
          if (depth > limits.depth) return `the response nests lists and objects more than ${limits.depth} levels deep`;
        } else if (byte === CLOSING_LIST || byte === CLOSING_OBJECT) depth -= 1;
      }
      return values > limits.values ? `the response holds more than ${limits.values} values` : undefined;
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

/** The message for a response that is too long, whether its header or its body shows it. */
export function tooLarge({ bytes }: ResponseLimits): string {
  return `the response is larger than ${bytes / MIB} MiB`;
}
