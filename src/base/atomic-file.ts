// A file that is either the old one or the new one, never half of it.
import { open, rename } from 'node:fs/promises';

/** Writes text to a file of this mode by way of a synced temporary file beside it. */
export async function writeFileAtomic(file: string, text: string, mode: number): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  const handle = await open(temporary, 'w', mode);
  try {
    await handle.chmod(mode);
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
}
