// How each path among the settings is used, and what checks it against the rule of trusted paths.

/** Each path in the schema has one of these in its metadata `trusted`. */
export const TRUSTED_USES = {
  'read here': 'Read on this machine. Checked by every command, when it reads the configuration',
  'run here': 'Run on this machine. Checked by every command, when it reads the configuration',
  template: 'Read on this machine. Checked before a task is claimed, and by `doctor`; `trusted_group` applies',
  state: 'Read and written on this machine. Checked before use, and by `doctor`',
  'run there': 'Run on the login node. Checked there before the first command; `trusted_group` applies',
  'read there':
    "Read by Slurm's commands on the login node. Checked there before the first command; `trusted_group` applies",
  'shared folder':
    'Read and written on the login node and the nodes. Checked there, by `doctor` and by each job; `trusted_group` applies',
  'run on nodes':
    'Run on the nodes. Checked by each job, and on the login node before the first command if it exists there; `trusted_group` applies',
  'read on nodes': 'Read on the nodes. Checked by each job; `trusted_group` applies',
  'mounted by tasks': 'Not used by this program itself, and not checked',
} as const;

export type Trusted = keyof typeof TRUSTED_USES;
