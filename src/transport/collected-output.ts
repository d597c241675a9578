// What a program prints on one stream, kept until it ends; one that never stops printing is told from a long answer.

/** Per stream. A cluster's longest job list is a tenth of this; a program that prints more has gone wrong. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

export interface CollectedOutput {
  readonly add: (chunk: Buffer) => void;
  text(): string;
}

/** @param tooMuch called when more came than any answer has, and again for each further chunk, which is dropped */
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
  return `${program} printed more than ${MAX_OUTPUT_BYTES / 1024 / 1024} MiB and was ended`;
}
