// Reads the parts of a multipart form (RFC 7578) as they arrive, so that large files need no memory.

/** Thrown when the body ends early, or is not a form. */
export class MalformedFormError extends Error {
  override readonly name = 'MalformedFormError';
}

export interface FormPart {
  readonly name: string;
  readonly isFile: boolean;
  /** Read it to its end before the next part. */
  readonly content: AsyncIterable<Buffer>;
}

const MOST_HEADER_BYTES = 16 * 1024;
const LINE_END = '\r\n';

/**
 * The parts of the form, in order.
 * @param contentType the header of the request, which has the boundary
 * @throws MalformedFormError
 */
export async function* readFormParts(body: AsyncIterable<Buffer>, contentType: string): AsyncGenerator<FormPart> {
  const boundary = /;\s*boundary=(?:"([^"]+)"|([^\s;"]+))/i.exec(contentType);
  if (boundary === null) throw new MalformedFormError('the form has no boundary');
  const delimiter = Buffer.from(`${LINE_END}--${boundary[1] ?? boundary[2] ?? ''}`);
  const chunks = body[Symbol.asyncIterator]();
  // The first delimiter has no line before it.
  let rest = Buffer.from(LINE_END);

  async function readMore(): Promise<void> {
    const next = await chunks.next();
    if (next.done === true) throw new MalformedFormError('the form has no end');
    rest = Buffer.concat([rest, next.value]);
  }

  /** Everything up to the text, which is dropped. */
  async function readTo(text: string | Buffer, mostBytes: number): Promise<Buffer> {
    let at = rest.indexOf(text);
    for (; at < 0; at = rest.indexOf(text)) {
      if (rest.length > mostBytes) throw new MalformedFormError('a header of the form is too long');
      await readMore();
    }
    const found = rest.subarray(0, at);
    rest = rest.subarray(at + Buffer.byteLength(text));
    return found;
  }

  async function* readContent(): AsyncGenerator<Buffer> {
    for (;;) {
      const at = rest.indexOf(delimiter);
      const isLast = at >= 0;
      // The end of a chunk may be the beginning of a delimiter.
      const size = isLast ? at : Math.max(0, rest.length - delimiter.length + 1);
      const known = rest.subarray(0, size);
      rest = rest.subarray(isLast ? at + delimiter.length : size);
      if (known.length > 0) yield known;
      if (isLast) return;
      await readMore();
    }
  }

  await readTo(delimiter, MOST_HEADER_BYTES);
  while (!(await readTo(LINE_END, MOST_HEADER_BYTES)).toString().startsWith('--')) {
    const disposition = /^content-disposition:(.*)$/im.exec(
      (await readTo(LINE_END + LINE_END, MOST_HEADER_BYTES)).toString(),
    );
    const [, name] = /;\s*name="([^"]*)"/i.exec(disposition?.[1] ?? '') ?? [];
    if (name === undefined) throw new MalformedFormError('a part of the form has no name');
    yield { name, isFile: /;\s*filename=/i.test(disposition?.[1] ?? ''), content: readContent() };
  }
}
