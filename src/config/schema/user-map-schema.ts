// The setting `agent.slurm.user_map`: as which Unix user the tasks of a ClearML user run.
import * as z from 'zod';

/** A name that sudo and sudoers(5) take literally: never a number, an option, a group or root. */
const unixUser = z
  .string()
  .regex(
    /^[A-Za-z_][\w.@-]*$/,
    'must be the name of a Unix user, not a number: only letters, digits, dots, dashes, underscores and @',
  )
  .refine((name) => name !== 'root', 'must not be root: the tasks of a user must not run as root');

export const userMap = z
  .record(z.string().min(1, 'must not be empty'), unixUser)
  .default({})
  .describe(
    'The Unix user for the tasks of each ClearML user. A key is the id or the name of a ClearML user, or `default` for all others. Needs the file that `clearml-agent-slurm sudoers` prints.',
  );
