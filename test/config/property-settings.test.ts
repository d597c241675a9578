// Constraints for the user properties of a queue, and the errors for invalid ones.
import { expect } from 'chai';
import { ConfigError } from '../../src/config/errors.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import type { QueueSettings } from '../../src/config/served-queues.ts';

function queuesOf(conf: string): readonly QueueSettings[] {
  return loadConfig({
    environment: {},
    homeDir: '/home/ada',
    commandLine: {},
    readFile: (path) => (path === '/home/ada/clearml.conf' ? conf : undefined),
  }).settings.queues;
}

function messageFor(properties: string): string {
  try {
    queuesOf(`agent.slurm.queues.gpu { template: a, properties { ${properties} } }`);
    return 'taken';
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

describe('the setting "properties" of a queue', () => {
  it('defines constraints on user properties', () => {
    const [queue] = queuesOf(`agent.slurm.queues.gpu {
      template = a
      other_properties = false
      properties {
        walltime { max = "2-00:00:00" }
        num_nodes { min = 1, max = 8 }
        memory { max = "64G" }
        partition { values = [gpu, "gpu-long"] }
        account = true
        qos = false
      }
    }`);

    expect(queue?.properties?.others).to.equal(false);
    expect(Object.fromEntries(queue?.properties?.named ?? [])).to.deep.equal({
      walltime: { kind: 'duration', least: undefined, most: '2-00:00:00', values: undefined },
      num_nodes: { kind: 'number', least: '1', most: '8', values: undefined },
      memory: { kind: 'memory', least: undefined, most: '64G', values: undefined },
      partition: { kind: 'number', least: undefined, most: undefined, values: ['gpu', 'gpu-long'] },
      account: true,
      qos: false,
    });
  });

  it('is undefined by default', () => {
    expect(queuesOf('agent.slurm.queues.gpu { template: a }')[0]).not.to.have.property('properties');
    expect(queuesOf('agent.slurm.queues: [gpu]')[0]).not.to.have.property('properties');
  });

  for (const [written, why, answer] of [
    [
      'walltime { max = "soon" }',
      '"soon" is neither a number nor a time',
      /queues\.gpu\.properties\.walltime\.max must be a number, or a time/,
    ],
    [
      'walltime { max = "2-00:00:00", min = 5 }',
      'min and max differ in kind',
      /walltime must have a min and a max of the same kind/,
    ],
    [
      'walltime { most = 5 }',
      'the setting "most" does not exist',
      /there is no setting \S*walltime\.most: the settings of \S*walltime are min, max, values/,
    ],
    [
      'walltime = 5',
      'neither a boolean nor a group',
      /walltime must be true, false, or a group with min, max or values/,
    ],
    ['walltime { values = [] }', 'the list is empty', /walltime\.values must name at least one value/],
  ] as const) {
    it(`rejects \`${written}\`: ${why}`, () => {
      expect(messageFor(written)).to.match(answer);
    });
  }
});
