// How each path among the settings is used, and what checks it against the rule of trusted paths.

/** Each path in the schema has one of these in its metadata `trusted`. */
export const TRUSTED_USES = {
  'read here': 'Files that this machine reads. Every command checks them when it reads the configuration',
  'run here':
    'Programs that run on this machine. The daemon and each subcommand check them when they read the configuration',
  template:
    'Templates that this machine reads. The daemon checks before it claims a task who can write to them, and so does `doctor`. Members of `trusted_group` may',
  state: 'Files that this machine reads and writes. They are checked before use; `doctor` checks them too',
  'run there':
    'Programs that the login node runs. They are checked there before the first command. Members of `trusted_group` may write to them',
  'read there':
    "Files that Slurm's commands read on the login node. They are checked there before the first command. Members of `trusted_group` may write to them",
  'shared folder':
    'Directories that the login node and the nodes share. `doctor` and each job check them there. Members of `trusted_group` may write to them',
  'run on nodes':
    'Programs that the nodes run. Each job checks them. If they exist on the login node, they are also checked there before the first command. Members of `trusted_group` may write to them',
  'read on nodes':
    'Directories that the nodes read. Each job checks them. Members of `trusted_group` may write to them',
  'mounted by tasks': 'Paths that only tasks use. They are not checked',
} as const;

export type Trusted = keyof typeof TRUSTED_USES;
