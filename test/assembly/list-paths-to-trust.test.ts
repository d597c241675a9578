// Every setting that is a path declares how the path is used.
import { expect } from 'chai';
import { pathsToTrust } from '../../src/assembly/refuse-untrusted-files.ts';
import { clearmlRows, pathUses, settingRows } from '../../src/config/schema/settings-rows.ts';
import { TRUSTED_USES } from '../../src/config/path-uses.ts';
import { configWith } from '../config/config-from.ts';

/** Patterns in the name or the description of a setting that may be a path. */
const LIKE_A_PATH = [
  /(?:_dir|_file|_files|_conf|_command|_binary|_mounts|_path|template|python|certificate)$/,
  /\b(?:paths?|directory|directories|files?|programs?|templates?|certificates?|keys?|images?|PATH)\b/i,
] as const;

/** Settings whose description only mentions a path. Add one only if no file is read, written or run by its value. */
const NO_PATHS: readonly string[] = [
  'clusters.<name>.provider',
  'clusters.<name>.host_keys',
  'cluster',
  'job_credentials.access_key',
  'job_credentials.secret_key',
  'trusted_group',
  'api.files_server',
  'api.credentials.access_key',
  'api.credentials.secret_key',
  'api.auth_token',
  'agent.default_docker.image',
];

describe('settings that are paths', () => {
  const rows = [...settingRows(), ...clearmlRows()];

  it('declare in the schema how the program uses the path', () => {
    const [byName, byMeaning] = LIKE_A_PATH;
    const unmarked = rows
      .filter(({ trusted, type }) => trusted === undefined && /string|list/.test(type))
      .filter(({ name, meaning }) => byName.test(name) || byMeaning.test(meaning))
      .map(({ name }) => name);

    expect(unmarked).to.have.members(NO_PATHS);
  });

  it('are checked as docs/configuration.md states', () => {
    const shown = [...settingRows().map((row) => ({ ...row, name: `agent.slurm.${row.name}` })), ...clearmlRows()];

    expect(Object.fromEntries(pathUses())).to.deep.equal(
      Object.fromEntries(shown.flatMap(({ name, trusted }) => (trusted === undefined ? [] : [[name, trusted]]))),
    );
  });

  it('cover each use in the table TRUSTED_USES, such as "read here"', () => {
    expect(new Set(rows.flatMap(({ trusted }) => trusted ?? []))).to.deep.equal(new Set(Object.keys(TRUSTED_USES)));
  });
});

describe('the list of paths that only trusted users may change', () => {
  const TEXT = `api.verify_certificate: /etc/ca.pem
    agent.slurm { cluster: near, binaries.batch_binary: "/opt/sbatch -v", container_mounts: [/data, /scratch]
      clusters { near { host: a, identity_file: [~/.ssh/k, /k], password_command: [/opt/ask, /not/a/program] }
        far { host: b, identity_file: /elsewhere } } }`;

  it('contains the paths of the served cluster, but not of another cluster', () => {
    const paths = pathsToTrust(configWith(TEXT)).map(({ setting, path, use }) => [setting, path, use].join(' '));

    expect(paths).to.include.members([
      'api.verify_certificate /etc/ca.pem read here',
      'agent.slurm.binaries.batch_binary /opt/sbatch -v run there',
      'agent.slurm.container_mounts /scratch mounted by tasks',
      'agent.slurm.clusters.near.identity_file /home/ada/.ssh/k read here',
      'agent.slurm.clusters.near.identity_file /k read here',
      'agent.slurm.clusters.near.password_command /opt/ask run here',
    ]);
    expect(paths.join()).not.to.match(/elsewhere|not.a.program/);
  });

  it('contains the file of REQUESTS_CA_BUNDLE unless api.verify_certificate is set', () => {
    const paths = (text: string): string =>
      JSON.stringify(pathsToTrust(configWith(text, { REQUESTS_CA_BUNDLE: '/v' })));

    expect(paths('')).to.include('"/v"');
    expect(paths('api.verify_certificate: false')).not.to.include('"/v"');
  });
});
