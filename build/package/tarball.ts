// Makes the npm package: a tar file whose bytes depend only on its contents. `npm pack` would read the checkout.
import { gzipSync } from 'node:zlib';
import type { PackageFacts, PackageFile } from './package-files.ts';

const BLOCK = 512;
/** 1985-10-26, the date that npm gives all files. */
const TIME_SECONDS = 499_162_500;

/** The file name, and its bytes. */
export function makeTarball({ version }: PackageFacts, files: readonly PackageFile[]): PackageFile {
  const parts = files.flatMap((file) => {
    const padding = Buffer.alloc((BLOCK - (file.data.length % BLOCK)) % BLOCK);
    return [header(file), file.data, padding];
  });
  const tar = Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
  return { path: `clearml-agent-slurm-${version}.tgz`, data: gzipSync(tar, { level: 9 }) };
}

/** POSIX, pax: ustar Interchange Format. npm expects all files below one directory. */
function header({ path, data, isExecutable = false }: PackageFile): Buffer {
  const name = `package/${path}`;
  if (Buffer.byteLength(name) > 100) throw new Error(`The path ${name} is too long for a tar file: shorten it`);
  const block = Buffer.alloc(BLOCK);
  const write = (text: string, offset: number): number => block.write(text, offset);
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0');
  write(name, 0);
  write(octal(isExecutable ? 0o755 : 0o644, 7), 100);
  write(octal(0, 7), 108);
  write(octal(0, 7), 116);
  write(octal(data.length, 11), 124);
  write(octal(TIME_SECONDS, 11), 136);
  // The checksum counts itself as spaces.
  write(' '.repeat(8), 148);
  write('0', 156);
  write('ustar\u000000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  write(`${octal(sum, 6)}\u0000 `, 148);
  return block;
}
