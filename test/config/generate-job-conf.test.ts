// The clearml.conf of a job: everything that the agent needs, in a format it can parse, and nothing of the daemon.
import { expect } from 'chai';
import fc from 'fast-check';
import { nodeFrom, plainTree, treeWith } from '../../src/config/config-tree.ts';
import { parseHocon } from '../../src/config/hocon/parse-hocon.ts';
import { jobConfig } from '../../src/config/generate-job-conf.ts';
import { configFrom, configWith } from './config-from.ts';

function readBack(text: string): Record<string, unknown> {
  return plainTree(parseHocon('job.conf', text, { environment: {}, readInclude: () => undefined }));
}

describe('the configuration file for clearml-agent in a job', () => {
  it('contains the sections of the agent and the SDK, but not agent.slurm', () => {
    const config = configWith(`
      api { api_server: "http://h:8008", credentials { access_key: AK, secret_key: SK } }
      agent { git_user: robot, worker_id: w, worker_name: n, slurm { queues: [gpu] }, package_manager.pip_version: null }
      sdk.storage.cache.size: 5
      environment { HF_HOME: /scratch/hf }
      files.a { path: "~/a", contents: "line\\nline" }
      site { owner: hpc }
    `);

    expect(readBack(jobConfig(config.root))).to.deep.equal({
      api: {
        api_server: 'http://h:8008',
        web_server: 'http://h:8080',
        files_server: 'http://h:8081',
        credentials: { access_key: 'AK', secret_key: 'SK' },
        verify_certificate: true,
      },
      agent: { git_user: 'robot', package_manager: { pip_version: null } },
      sdk: { storage: { cache: { size: 5 } } },
      environment: { HF_HOME: '/scratch/hf' },
      files: { a: { path: '~/a', contents: 'line\nline' } },
    });
  });

  it('contains credentials from environment variables of the daemon', () => {
    const { root } = configFrom({
      environment: {
        CLEARML_API_HOST: 'http://h:8008',
        CLEARML_API_ACCESS_KEY: 'AK',
        CLEARML_API_SECRET_KEY: 'S"K\\$@',
        CLEARML_AGENT_GIT_PASS: 'pw',
        CLEARML_WORKER_ID: 'w',
      },
    });

    const { api, agent } = readBack(jobConfig(root));

    expect(api).to.deep.include({ credentials: { access_key: 'AK', secret_key: 'S"K\\$@' } });
    expect(agent).to.deep.equal({ git_pass: 'pw' });
  });

  it("contains job_credentials instead of the daemon's keys if both are set", () => {
    const { root } = configWith(`
      api { api_server: "http://h:8008", credentials { access_key: DAEMON, secret_key: DAEMON_SECRET } }
      agent.slurm { queues: [gpu], job_credentials { access_key: JOB, secret_key: JOB_SECRET } }
    `);

    const text = jobConfig(root);

    expect(readBack(text)['api']).to.deep.include({ credentials: { access_key: 'JOB', secret_key: 'JOB_SECRET' } });
    expect(text).not.to.contain('DAEMON');
  });

  it('does not contain the token of CLEARML_AUTH_TOKEN', () => {
    expect(jobConfig(configFrom({ environment: { CLEARML_AUTH_TOKEN: 'ey.J' } }).root)).not.to.contain('ey.J');
  });

  it('can be parsed back to the same values', () => {
    const origin = { kind: 'default' } as const;
    const name = fc.string({ unit: 'binary' }).filter((text) => !['slurm', 'worker_id', 'worker_name'].includes(text));

    fc.assert(
      fc.property(fc.dictionary(name, fc.string({ unit: 'binary' }), { minKeys: 1 }), (agent) => {
        const root = treeWith(['agent'], nodeFrom(agent, origin));

        expect(readBack(jobConfig(root))).to.deep.equal({ agent });
      }),
    );
  });

  it("uses only the escapes that the agent's parser decodes", () => {
    const root = treeWith(['agent', 'x'], nodeFrom('é\u0001\b\f\u2028"\\\n\r\t', { kind: 'default' }));

    expect(jobConfig(root)).to.contain('"x": "é\u0001\b\f\u2028\\"\\\\\\n\\r\\t"');
  });
});
