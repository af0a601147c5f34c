// Transactions of one size, one after the other on one goroutine, as franz-go's documentation has it:
// a promise that aborts what is buffered on the first error, a flush, and the end.
package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// See ../../contract.ts.
const transactionTimeout = 60 * time.Second

func transactionOptions() []kgo.Opt {
	return []kgo.Opt{
		kgo.TransactionalID(fmt.Sprintf("franz-go-bench-%d", os.Getpid())),
		kgo.TransactionTimeout(transactionTimeout),
	}
}

func (p *producer) inTransactions() (*phaseResult, error) {
	size := p.task.RecordsPerTransaction
	warmup, err := p.transact(math.MaxInt, p.task.WarmupSeconds)
	if err != nil {
		return nil, err
	}
	stop := startMeter()
	latencies, err := p.transact(p.task.Records, p.task.MaxSeconds)
	if err != nil {
		return nil, err
	}
	return &phaseResult{
		warmup:  len(warmup) * size,
		records: len(latencies) * size,
		cost:    stop(),
		figures: map[string]int{"transactions": len(latencies)},
		latency: summaryOf(latencies),
	}, nil
}

// Bounded in records and time; returns each transaction's latency, begin to commit, in ms.
func (p *producer) transact(records int, seconds float64) ([]float64, error) {
	deadline := time.Now().Add(time.Duration(seconds * float64(time.Second)))
	latencies := make([]float64, 0, 1024)
	for from := 0; from < records && time.Now().Before(deadline); {
		begun := time.Now()
		to := from + p.task.RecordsPerTransaction
		if err := p.transaction(from, to); err != nil {
			return nil, err
		}
		latencies = append(latencies, float64(time.Since(begun).Microseconds())/1000)
		from = to
	}
	return latencies, nil
}

func (p *producer) transaction(from, to int) error {
	if err := p.client.BeginTransaction(); err != nil {
		return err
	}
	ctx := context.Background()
	first := kgo.AbortingFirstErrPromise(p.client)
	for i := from; i < to; i++ {
		p.client.Produce(ctx, p.record(i), first.Promise())
	}
	if err := p.client.Flush(ctx); err != nil {
		return err
	}
	if err := first.Err(); err != nil {
		return err
	}
	return p.client.EndTransaction(ctx, kgo.TryCommit)
}
