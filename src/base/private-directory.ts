// A folder of this user's own: made where it is missing, and used only where nobody else can change what is in it.
import { mkdir } from 'node:fs/promises';
import { findDistrust, inspectPath, ownTrust } from './trusted-path.ts';

/**
 * Makes the folder, of mode 0700, with those above it. It is looked at before, so that nothing is made through a link of others, and
 * afterwards, as somebody else may have been quicker.
 * @throws Error saying why others can change it, and what the file system says
 */
export async function makePrivateDirectory(folder: string): Promise<void> {
  refuseOthers(folder);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  refuseOthers(folder);
}

function refuseOthers(folder: string): void {
  const look = inspectPath(folder);
  // What is no folder is told of by mkdir.
  const why = look.steps.at(-1)?.kind === 'file' ? undefined : findDistrust(look, ownTrust());
  if (why !== undefined) throw new Error(`others can change it, as ${why}`);
}
