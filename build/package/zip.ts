// Writes a zip file whose bytes depend only on its contents.
import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipEntry {
  readonly path: string;
  readonly data: Buffer;
  readonly isExecutable?: boolean;
}

/** 1980-01-01, the earliest that the format can express. */
const DATE = (1 << 5) | 1;
const DEFLATED = 8;
const VERSION = 20;
/** Made by Unix: the upper half of the external attributes is a mode. */
const MADE_BY = (3 << 8) | VERSION;
/** Names are UTF-8. */
const FLAGS = 0x0800;

/** In the order of the entries (PKWARE, APPNOTE.TXT). No entry may be larger than 4 GiB. */
export function zip(entries: readonly ZipEntry[]): Buffer {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { path, data, isExecutable = false } of entries) {
    const name = Buffer.from(path);
    const packed = deflateRawSync(data, { level: 9 });
    const common = numbers([VERSION, 2], [FLAGS, 2], [DEFLATED, 2], [0, 2], [DATE, 2], [crc32(data), 4]);
    const sizes = numbers([packed.length, 4], [data.length, 4], [name.length, 2], [0, 2]);
    const file = Buffer.concat([numbers([0x04034b50, 4]), common, sizes, name, packed]);
    const mode = 0o100000 | (isExecutable ? 0o755 : 0o644);
    const attributes = numbers([0, 2], [0, 2], [0, 2], [mode * 0x10000, 4], [offset, 4]);
    directory.push(Buffer.concat([numbers([0x02014b50, 4], [MADE_BY, 2]), common, sizes, attributes, name]));
    files.push(file);
    offset += file.length;
  }
  const length = directory.reduce((sum, { length: one }) => sum + one, 0);
  const count = entries.length;
  const end = numbers([0x06054b50, 4], [0, 4], [count, 2], [count, 2], [length, 4], [offset, 4], [0, 2]);
  return Buffer.concat([...files, ...directory, end]);
}

/** Little-endian numbers of so many bytes. */
function numbers(...fields: readonly (readonly [value: number, bytes: number])[]): Buffer {
  return Buffer.concat(
    fields.map(([value, bytes]) => {
      const buffer = Buffer.alloc(bytes);
      buffer.writeUIntLE(value, 0, bytes);
      return buffer;
    }),
  );
}
