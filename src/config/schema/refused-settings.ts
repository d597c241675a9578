// Settings of ClearML's own Slurm glue that this program knows only in order to reject them.
import * as z from 'zod';

/** By their names under `agent.slurm`: the one value that changes nothing, and why there is no other. */
export const REFUSED_SETTINGS = {
  use_pbs: { accepted: false, why: 'PBS is not supported, only Slurm is' },
} as const;

/** An error is better than a job that runs as the wrong user, or not at all. */
export const refusedSettings = {
  use_pbs: refused(REFUSED_SETTINGS.use_pbs),
};

function refused({ accepted, why }: { readonly accepted: false; readonly why: string }) {
  return z
    .unknown()
    .refine((value) => value === accepted, `must be ${JSON.stringify(accepted)}: ${why}`)
    .default(accepted);
}
