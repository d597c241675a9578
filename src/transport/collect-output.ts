// Collects the output of a program up to a limit, beyond which the program is assumed to print without end.

/** Per stream: ten times the job list of the largest clusters. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

export interface CollectedOutput {
  readonly add: (chunk: Buffer) => void;
  text(): string;
}

/** @param tooMuch called for each chunk beyond the limit, which is dropped */
export function collectOutput(tooMuch: () => void): CollectedOutput {
  const chunks: Buffer[] = [];
  let size = 0;
  return {
    add(chunk) {
      size += chunk.length;
      if (size > MAX_OUTPUT_BYTES) tooMuch();
      else chunks.push(chunk);
    },
    text: () => Buffer.concat(chunks).toString('utf8'),
  };
}

export function describeTooMuch(program: string): string {
  return `${program} printed more than ${MAX_OUTPUT_BYTES / 1024 / 1024} MiB and was killed`;
}
