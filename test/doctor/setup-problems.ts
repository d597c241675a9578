// Problems in settings, files and the connection to the server, each for one check of doctor to find.
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makeCertificates } from '../clearml/certificates.ts';
import { data, makeToken, page } from '../clearml/scripted-server.ts';
import type { CliWithSandbox } from '../cli/cli-with-sandbox.ts';
import { CLEAN } from '../lint/template-problems.ts';
import { openFolder, programs, scripted, setting, template, type Seeded, type SetupProblem } from './seed-problem.ts';

const withDirective = (line: string): string => CLEAN.replace('export SITE', `${line}\nexport SITE`);
const served = (queue: string, ...templates: readonly string[]): Seeded => ({
  args: ['--queue', queue, '--template-files', ...templates],
});

export const SETUP_PROBLEMS: readonly SetupProblem[] = [
  {
    check: 'configuration',
    what: 'a misspelled setting',
    says: /poll_intervall_sec/,
    seed: setting('poll_intervall_sec: 3'),
  },
  {
    check: 'configuration',
    what: 'a setting of the wrong type',
    says: /poll_interval_sec.*number/,
    seed: setting('poll_interval_sec: soon'),
  },
  {
    check: 'configuration',
    what: 'a missing closing brace',
    says: /clearml\.conf:\d+/,
    seed: () => ({ conf: 'agent {' }),
  },
  {
    check: 'configuration',
    what: 'a missing configuration file',
    says: /none\.conf/,
    seed: () => ({ args: ['--config-file', 'none.conf'] }),
  },
  {
    check: 'configuration',
    what: 'a clearml.conf that other users can write to',
    says: /clearml\.conf:1:1: the file is not read because other users can change it: \S+ can be written by everybody \(mode 666\)/,
    seed: async (cli: CliWithSandbox): Promise<Seeded> => {
      await chmod(cli.folder, 0o755);
      await chmod(join(cli.folder, 'clearml.conf'), 0o666);
      return {};
    },
  },
  {
    check: 'server',
    what: 'a server that is down',
    says: /no usable response from http:\/\/127\.0\.0\.1:9/,
    seed: () => ({ conf: 'api.api_server: "http://127.0.0.1:9"' }),
  },
  {
    check: 'server',
    what: 'an unknown host name',
    says: /nowhere\.invalid/,
    seed: () => ({ conf: 'api.api_server: "http://nowhere.invalid:8008"' }),
  },
  {
    check: 'server',
    what: 'the address of the web page instead of the API',
    says: /web/,
    seed: () => scripted((server) => server.script('auth.login', page(200, '<html>ClearML</html>'))),
  },
  {
    check: 'server',
    what: 'a certificate of an unknown authority',
    says: /certificate/,
    seed: async (): Promise<Seeded> => {
      const certificates = await makeCertificates('127.0.0.1');
      await certificates.remove();
      return scripted(() => undefined, certificates);
    },
  },
  {
    check: 'credentials',
    what: 'no keys',
    says: /api\.credentials\.access_key is neither/,
    seed: () => ({ conf: 'api.credentials: null' }),
  },
  {
    check: 'credentials',
    what: 'keys that the server does not accept',
    says: /rejected the credentials$/,
    seed: () => ({ conf: 'api.credentials.secret_key: wrong-secret' }),
  },
  {
    check: 'server-version',
    what: 'a server that is too old',
    says: /server 1\.9\.2 with API 2\.20, which is too old/,
    seed: () =>
      scripted((server) => {
        server.script('auth.login', data({ token: makeToken({ api_version: '2.20', server_version: '1.9.2' }) }));
      }),
  },
  {
    check: 'server-clock',
    what: 'a server whose clock is ten minutes ahead',
    // On a busy machine, seconds pass between the response and its reading.
    says: /^(?:5\d\d|60[01]) s ahead of this machine$/,
    seed: () =>
      scripted((server) => {
        server.script('auth.login', (response, request) => {
          const token = makeToken({ iat: Math.floor(Date.now() / 1000) + 600 });
          data({ token })(response, request);
        });
      }),
  },
  {
    check: 'queues',
    what: 'a misspelled queue',
    says: /"defualt" \(did you mean "default"\?\)$/,
    seed: () => served('defualt', 'a.template'),
  },
  {
    check: 'templates',
    what: 'a misspelled variable in a template',
    says: /^a\.template:\d+: .*naem/,
    seed: (cli) => template(cli, CLEAN.replace('CLEARML_TASK.name', 'CLEARML_TASK.naem')),
  },
  {
    check: 'templates',
    what: 'a template for a partition that does not exist',
    says: /^a\.template:\d+: .*nvalid partition/,
    seed: (cli) => template(cli, withDirective('#SBATCH --partition=nowhere')),
  },
  {
    check: 'templates',
    what: 'a template that asks for more than any node has',
    says: /^a\.template:\d+: sbatch --test-only: /,
    seed: (cli) => template(cli, withDirective('#SBATCH --mem=900T')),
  },
  {
    check: 'templates',
    what: 'a template in a directory that other users can write to',
    says: /^open\/b\.template is refused because other users can change it: .*\/open can be written by everybody \(mode 777\)$/,
    seed: async (cli: CliWithSandbox): Promise<Seeded> => {
      await openFolder(cli);
      await cli.write('open/b.template', CLEAN);
      return served('default', 'open/b.template');
    },
  },
  {
    check: 'templates',
    what: 'a missing template',
    says: /b\.template does not exist\. Give the path of a file with --template-files\.$/,
    seed: () => served('default', 'b.template'),
  },
  {
    check: 'templates',
    what: 'a template with a name that the file system does not allow',
    says: /^ENAMETOOLONG: name too long, open '.*b\.template'$/,
    seed: () => served('default', `${'b'.repeat(300)}.template`),
  },
  {
    check: 'templates',
    what: 'two templates for one queue',
    says: /1 queue but 2 template files/,
    seed: async (cli: CliWithSandbox): Promise<Seeded> => {
      await cli.write('c.template', CLEAN);
      return served('default', 'a.template', 'c.template');
    },
  },
  {
    check: 'ssh',
    what: 'an unreachable login node',
    says: /nowhere\.invalid/,
    seed: () => ({ args: ['--ssh', 'nowhere.invalid'] }),
  },
  {
    check: 'cluster-clock',
    what: 'a login node whose clock is an hour behind',
    says: /^36\d\d s behind this machine$/,
    seed: (cli) => programs(cli, { date: 'echo $(($(/bin/date +%s) - 3600))' }),
  },
  {
    check: 'slurm-commands',
    what: 'missing Slurm commands',
    says: /^not found: .*sbatch/,
    seed: setting('binaries { batch_binary: /nowhere/sbatch }'),
  },
  {
    check: 'slurm-commands',
    what: 'a Slurm release that is too old',
    says: /^Slurm 19\.05\.5 is older than 20\.11$/,
    seed: (cli) =>
      programs(cli, { squeue: 'case $1 in --version) echo slurm 19.05.5 ;; *) exec /usr/bin/squeue "$@" ;; esac' }),
  },
  {
    check: 'controller',
    what: 'a controller that does not respond',
    says: /slurm_load_ctl_conf|Unable to contact slurm controller/,
    seed: async (cli: CliWithSandbox): Promise<Seeded> => {
      const lines = 'ClusterName=x\nSlurmctldHost=localhost(127.0.0.1)\nSlurmctldPort=9\nMessageTimeout=1\n';
      const conf = await cli.write('slurm.conf', lines);
      // Without a template, because sbatch cannot check one either.
      return { conf: `agent.slurm.slurm_conf: "${conf}"`, args: ['--queue', 'default'] };
    },
  },
  {
    check: 'ended-jobs',
    what: 'a poll interval above half of MinJobAge',
    says: /MinJobAge is 300 s, the poll interval is 200 s/,
    seed: setting('poll_interval_sec: 200'),
  },
  {
    check: 'shared-folder',
    what: 'a missing shared directory',
    says: /^\/nowhere is missing$/,
    seed: setting('shared_dir: /nowhere'),
  },
  {
    check: 'shared-folder',
    what: 'a shared directory that is a file',
    says: /a\.template is missing$/,
    seed: (cli) => ({ conf: `agent.slurm.shared_dir: "${cli.folder}/a.template"` }),
  },
  {
    check: 'shared-folder',
    what: 'a shared directory that other users can write to',
    says: /^\S+\/open is refused because other users can change it: \S+ can be written by everybody \(mode 777\)$/,
    seed: async (cli: CliWithSandbox): Promise<Seeded> => ({
      conf: `agent.slurm.shared_dir: "${await openFolder(cli)}"`,
    }),
  },
  {
    check: 'user-map',
    what: 'a user map that names a Unix user who does not exist',
    says: /^the entry "default" of agent\.slurm\.user_map is not used: Unix user no-such-user is not found on the login node/,
    seed: setting('user_map { default: no-such-user }'),
  },
  {
    check: 'user-map',
    what: 'a user map with an unknown ClearML user',
    says: /ClearML has no user with the id or name "Nobody Here"/,
    seed: setting('user_map { "Nobody Here": nobody }, min_uid: 1'),
  },
  {
    check: 'state-folder',
    what: 'a state directory that other users can write to',
    says: /^\S+\/open is refused because other users can change it: \S+ can be written by everybody \(mode 777\)$/,
    seed: async (cli: CliWithSandbox): Promise<Seeded> => ({
      conf: `agent.slurm.state_dir: "${await openFolder(cli)}"`,
    }),
  },
  {
    check: 'state-folder',
    what: 'a state directory that is a file',
    says: /a\.template cannot be used/,
    seed: setting('state_dir: a.template'),
  },
  {
    check: 'state-folder',
    what: 'a state directory that is not writable',
    says: /\/proc\/glue cannot be used/,
    seed: setting('state_dir: /proc/glue'),
  },
  {
    check: 'other-daemon',
    what: 'a daemon on another machine with the same state directory',
    says: /^in use by process 812 on login2$/,
    seed: async (cli: CliWithSandbox): Promise<Seeded> => {
      await mkdir(join(cli.folder, 'state'));
      const holder = { host: 'login2', pid: 812, begun: '1', since: Date.now() };
      await cli.write('state/daemon.lock', JSON.stringify(holder));
      return { conf: 'agent.slurm.state_dir: state' };
    },
  },
];
