// The folders of PATH in which this machine's programs are looked for: those in which nobody else can put one.
import { delimiter, isAbsolute } from 'node:path';
import { siteAccounts } from '../base/site-accounts.ts';
import { findNameDistrust, inspectPath, ownTrust } from '../base/trusted-path.ts';

export interface TrustedFolders {
  readonly folders: readonly string[];
  /** A sentence for each other one that is there. */
  readonly notices: readonly string[];
}

/** Others are left out rather than refused: a PATH often has folders that nothing needs. */
export function trustedFolders(path: string): TrustedFolders {
  const trust = { ...ownTrust(), site: siteAccounts() };
  const folders: string[] = [];
  const notices: string[] = [];
  for (const folder of new Set(path.split(delimiter))) {
    // Programs start in the working folder of this process, where others may have put programs.
    if (!isAbsolute(folder)) continue;
    try {
      const look = inspectPath(folder);
      const why = findNameDistrust(look, trust);
      if (why === undefined) folders.push(folder);
      else if (look.isWhole)
        notices.push(
          `No program is looked for in ${folder} of PATH, as others can change it: ${why}. Take it out of PATH, or the right from them; Slurm's folder can be named in slurm_bin_dir.`,
        );
    } catch {
      // What can't be looked at holds no program that could be started.
    }
  }
  return { folders, notices };
}
