// scontrol show config: the facts of a cluster.
import { expect } from 'chai';
import fc from 'fast-check';
import { parseClusterFacts } from '../../src/slurm/scontrol-show-config.ts';
import { fixture } from './recorded-output.ts';

describe('parseClusterFacts (from scontrol show config)', () => {
  it('returns the settings of a cluster with Slurm 22.05.8', () => {
    expect(parseClusterFacts(fixture('22.05.8/config.txt'))).to.deep.equal({
      clusterName: 'lab',
      version: '22.05.8',
      minJobAgeMs: 300_000,
      messageTimeoutMs: 10_000,
      hasAccounting: false,
    });
  });

  it('reports accounting for the storage type accounting_storage/slurmdbd', () => {
    const text = fixture('22.05.8/config.txt').replace('accounting_storage/none', 'accounting_storage/slurmdbd');

    expect(parseClusterFacts(text)).to.include({ hasAccounting: true });
  });

  it('reports that accounting counts GPUs if AccountingStorageTRES contains gres/gpu', () => {
    const text = fixture('22.05.8/config.txt').replace(/(AccountingStorageTRES\s+= .*)/, '$1,gres/gpu');

    expect(parseClusterFacts(text)).to.include({ accountsGpus: true });
  });

  it('reports no accounting for the storage type "(null)" of newer releases', () => {
    const text = fixture('22.05.8/config.txt').replace('accounting_storage/none', '(null)');

    expect(parseClusterFacts(text)).to.include({ hasAccounting: false });
  });

  it("returns the controller's rate limit, with Slurm's defaults for unset values (S-49)", () => {
    const limited = (parameters: string): unknown =>
      parseClusterFacts(
        fixture('22.05.8/config.txt').replace(/(SlurmctldParameters\s+= ).*/, (_, key: string) => key + parameters),
      )?.callLimit;

    expect(limited('(null)')).to.equal(undefined);
    expect(limited('enable_configless,rl_bucket_size=4')).to.equal(undefined);
    expect(limited('rl_enable')).to.deep.equal({ perSecond: 2, burst: 30 });
    expect(limited('cloud_dns,rl_enable,rl_bucket_size=40,rl_refill_rate=4,rl_refill_period=60')).to.deep.equal({
      perSecond: 4 / 60,
      burst: 40,
    });
    expect(limited('rl_enable,rl_refill_rate=0,rl_refill_period=x')).to.deep.equal({ perSecond: 2, burst: 30 });
  });

  it('returns no settings if the output of scontrol is truncated', () => {
    expect(parseClusterFacts(fixture('22.05.8/config.txt').slice(0, 2_000))).to.equal(undefined);
    expect(parseClusterFacts('')).to.equal(undefined);
  });

  it('does not throw on random text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (garbage) => {
        expect(() => parseClusterFacts(garbage)).not.to.throw();
      }),
    );
  });
});
