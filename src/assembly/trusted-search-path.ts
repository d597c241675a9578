// The directories of PATH in which no other user can create programs.
import { delimiter, isAbsolute } from 'node:path';
import { siteAccounts } from '../base/site-accounts.ts';
import { findNameDistrust, inspectPath, ownTrust } from '../base/path-trust-rule.ts';

export interface TrustedFolders {
  readonly folders: readonly string[];
  /** A message for each directory that is left out. */
  readonly notices: readonly string[];
}

/** Leaves out the others instead of failing: PATH often has directories that are not needed. */
export function trustedFolders(path: string): TrustedFolders {
  const trust = { ...ownTrust(), site: siteAccounts() };
  const folders: string[] = [];
  const notices: string[] = [];
  for (const folder of new Set(path.split(delimiter))) {
    // A relative directory would be searched in the working directory, where other users may have created programs.
    if (!isAbsolute(folder)) continue;
    try {
      const inspected = inspectPath(folder);
      const why = findNameDistrust(inspected, trust);
      if (why === undefined) folders.push(folder);
      else if (inspected.isWhole)
        notices.push(
          `Ignored ${folder} in PATH because other users can change it: ${why}. Remove it from PATH, or run chmod go-w on it if it is yours. For the Slurm commands, you can set slurm_bin_dir.`,
        );
    } catch {
      // An unreadable directory has no program that could run.
    }
  }
  return { folders, notices };
}
