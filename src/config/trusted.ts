// What a path among the settings is used for, and who holds it to the rule of trusted paths: the one table of schema, check and reference page.

/** Each path setting of the schema has one of these as its mark `trusted`. */
export const TRUSTED_USES = {
  'read here': 'Read on this machine. Looked at when the configuration is read, by every command',
  'run here': 'Run on this machine. Looked at when the configuration is read, by every command',
  template: 'Read on this machine. Looked at before a task is taken, and by `doctor`; `trusted_group` counts',
  state: 'Read and written on this machine. Looked at before it is used, and by `doctor`',
  'run there': "Run where Slurm's commands are. Looked at there before the first command; `trusted_group` counts",
  'read there': "Read by Slurm's commands. Looked at there before the first command; `trusted_group` counts",
  'shared folder':
    'Read and written there and on the nodes. Looked at there, by `doctor`, and by each job; `trusted_group` counts',
  'run on nodes':
    'Run on the nodes. Looked at by each job and, where it is there, before the first command on the login node; `trusted_group` counts',
  'read on nodes': 'Read on the nodes. Looked at by each job; `trusted_group` counts',
  'mounted by tasks': 'Nothing of it is believed or run by this program: it is not looked at',
} as const;

export type Trusted = keyof typeof TRUSTED_USES;
