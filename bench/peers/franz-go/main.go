// Subject: franz-go. One JSON argument in, one JSON line out: see ../../contract.ts.
package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

type settings struct {
	Acks           any    `json:"acks"`
	Idempotence    bool   `json:"idempotence"`
	LingerMs       int    `json:"lingerMs"`
	BatchSizeBytes int32  `json:"batchSizeBytes"`
	MaxInFlight    int    `json:"maxInFlight"`
	Compression    string `json:"compression"`
}

type task struct {
	Brokers        []string `json:"brokers"`
	CAFile         string   `json:"caFile"`
	Topic          string   `json:"topic"`
	BusyPartitions int      `json:"busyPartitions"`
	ValuesFile     string   `json:"valuesFile"`
	KeysAndHeaders bool     `json:"keysAndHeaders"`
	Keys           []string `json:"keys"`
	Settings       settings `json:"settings"`
	Recommended    bool     `json:"recommended"`
	WarmupRecords  int      `json:"warmupRecords"`
	WarmupSeconds  float64  `json:"warmupSeconds"`
	Records        int      `json:"records"`
	MaxSeconds     float64  `json:"maxSeconds"`
	Outstanding    int      `json:"outstanding"`
	RatePerSecond  float64  `json:"ratePerSecond"`
	// 0: none.
	RecordsPerTransaction int `json:"recordsPerTransaction"`
}

type latencySummary struct {
	P50  float64 `json:"p50"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p999"`
	Max  float64 `json:"max"`
}

type report struct {
	Version        string          `json:"version"`
	Runtime        string          `json:"runtime"`
	Records        int             `json:"records"`
	TotalRecords   int             `json:"totalRecords"`
	Seconds        float64         `json:"seconds"`
	CPUMicros      int64           `json:"cpuMicros"`
	RSSBytes       int64           `json:"rssBytes"`
	LoopDelayP99Ms *float64        `json:"loopDelayP99Ms"`
	LatencyMs      *latencySummary `json:"latencyMs,omitempty"`
	Figures        map[string]int  `json:"figures,omitempty"`
}

const (
	keyCount    = 1000
	sliceLength = 2000
)

func main() {
	var t task
	if err := run(&t); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(t *task) error {
	if len(os.Args) < 2 {
		return fmt.Errorf("usage: franz-go <task as JSON>")
	}
	if err := json.Unmarshal([]byte(os.Args[1]), t); err != nil {
		return err
	}
	file, err := os.ReadFile(t.ValuesFile)
	if err != nil {
		return err
	}
	values := bytes.Split(bytes.TrimRight(file, "\n"), []byte("\n"))
	options, err := clientOptions(t)
	if err != nil {
		return err
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		return err
	}
	defer client.Close()
	p := &producer{task: t, client: client, values: values}
	result, err := p.measure()
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(result)
}

// The same settings as everybody's or, recommended, franz-go's defaults but for acks, idempotence
// and the codec (its default is snappy).
func clientOptions(t *task) ([]kgo.Opt, error) {
	s := t.Settings
	codec, err := codecOf(s.Compression)
	if err != nil {
		return nil, err
	}
	options := []kgo.Opt{
		kgo.SeedBrokers(t.Brokers...),
		kgo.DefaultProduceTopic(t.Topic),
		kgo.RequiredAcks(acksOf(s.Acks)),
		kgo.ProducerBatchCompression(codec),
	}
	if t.CAFile != "" {
		trust, err := trustOf(t.CAFile)
		if err != nil {
			return nil, err
		}
		options = append(options, kgo.DialTLSConfig(trust))
	}
	if t.RecordsPerTransaction > 0 {
		options = append(options, transactionOptions()...)
	}
	if !s.Idempotence {
		options = append(options, kgo.DisableIdempotentWrite())
	}
	if t.BusyPartitions > 0 {
		options = append(options, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	}
	if t.Recommended {
		return options, nil
	}
	// With idempotence franz-go chooses the number of requests in flight itself.
	if !s.Idempotence {
		options = append(options, kgo.MaxProduceRequestsInflightPerBroker(s.MaxInFlight))
	}
	return append(options,
		kgo.ProducerLinger(time.Duration(s.LingerMs)*time.Millisecond),
		kgo.ProducerBatchMaxBytes(s.BatchSizeBytes),
		// Ottla's bound for its own callbacks, bufferMemoryBytes.
		kgo.MaxBufferedRecords(1_000_000),
		kgo.MaxBufferedBytes(32<<20),
	), nil
}

func trustOf(caFile string) (*tls.Config, error) {
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s has no certificate", caFile)
	}
	return &tls.Config{RootCAs: pool}, nil
}

func acksOf(acks any) kgo.Acks {
	switch acks {
	case float64(0):
		return kgo.NoAck()
	case float64(1):
		return kgo.LeaderAck()
	default:
		return kgo.AllISRAcks()
	}
}

func codecOf(name string) (kgo.CompressionCodec, error) {
	switch name {
	case "none":
		return kgo.NoCompression(), nil
	case "gzip":
		return kgo.GzipCompression(), nil
	case "snappy":
		return kgo.SnappyCompression(), nil
	case "lz4":
		return kgo.Lz4Compression(), nil
	case "zstd":
		return kgo.ZstdCompression(), nil
	}
	return kgo.CompressionCodec{}, fmt.Errorf("unknown codec %q", name)
}

type producer struct {
	task    *task
	client  *kgo.Client
	values  [][]byte
	failure atomic.Pointer[error]
}

func (p *producer) record(index int) *kgo.Record {
	r := &kgo.Record{Value: p.values[index%len(p.values)]}
	if p.task.BusyPartitions > 0 {
		r.Partition = int32(index % p.task.BusyPartitions)
	}
	if len(p.task.Keys) > 0 {
		r.Key = []byte(p.task.Keys[index%len(p.task.Keys)])
	}
	if p.task.KeysAndHeaders {
		r.Key = []byte("key-" + strconv.Itoa(index%keyCount))
		r.Headers = []kgo.RecordHeader{
			{Key: "source", Value: []byte("bench")},
			{Key: "trace", Value: []byte("00-4bf92f3577b34da6a3ce929d0e0e4736-01")},
		}
	}
	return r
}

// Produce waits while the client's buffer is full, as `enqueue` and `writable` do together.
func (p *producer) hand(from, to int) {
	for i := from; i < to; i++ {
		p.client.Produce(context.Background(), p.record(i), p.onDelivery)
	}
}

func (p *producer) onDelivery(_ *kgo.Record, err error) {
	if err != nil {
		p.failure.CompareAndSwap(nil, &err)
	}
}

func (p *producer) settle() error {
	if err := p.client.Flush(context.Background()); err != nil {
		return err
	}
	if err := p.failure.Load(); err != nil {
		return *err
	}
	return nil
}

// Bounded in count and time; returns how many records it was.
func (p *producer) phase(records int, seconds float64) (int, error) {
	deadline := time.Now().Add(time.Duration(seconds * float64(time.Second)))
	done := 0
	for done < records && time.Now().Before(deadline) {
		next := min(done+sliceLength, records)
		p.hand(done, next)
		done = next
	}
	return done, p.settle()
}

// One measured phase, and how many records warmed up right before it.
type phaseResult struct {
	warmup  int
	records int
	cost    cost
	latency *latencySummary
	figures map[string]int
}

func (p *producer) measure() (*report, error) {
	before, err := p.phase(p.task.WarmupRecords, p.task.MaxSeconds)
	if err != nil {
		return nil, err
	}
	run := p.atFullSpeed
	if p.task.RatePerSecond > 0 {
		run = p.atRate
	}
	if p.task.RecordsPerTransaction > 0 {
		run = p.inTransactions
	}
	r, err := run()
	if err != nil {
		return nil, err
	}
	return &report{
		Version:      version(),
		Runtime:      runtime.Version(),
		Records:      r.records,
		TotalRecords: before + r.warmup + r.records,
		Seconds:      r.cost.seconds,
		CPUMicros:    r.cost.cpuMicros,
		RSSBytes:     r.cost.rssBytes,
		LatencyMs:    r.latency,
		Figures:      r.figures,
	}, nil
}

func (p *producer) atFullSpeed() (*phaseResult, error) {
	warmup, err := p.phase(math.MaxInt, p.task.WarmupSeconds)
	if err != nil {
		return nil, err
	}
	stop := startMeter()
	records, err := p.phase(p.task.Records, p.task.MaxSeconds)
	return &phaseResult{warmup: warmup, records: records, cost: stop()}, err
}

// Open loop: latency counts from the moment a record was due.
func (p *producer) atRate() (*phaseResult, error) {
	rate := p.task.RatePerSecond
	warmup := int(math.Ceil(p.task.WarmupSeconds * rate))
	records := min(p.task.Records, int(p.task.MaxSeconds*rate))
	latencies := make([]float64, records)
	var wait sync.WaitGroup
	wait.Add(warmup + records)
	stop := startMeter()
	started := time.Now()
	firstDue := started
	for i := range warmup + records {
		due := started.Add(time.Duration(float64(i) / rate * float64(time.Second)))
		time.Sleep(time.Until(due))
		if i == warmup {
			stop = startMeter()
			firstDue = due
		}
		p.client.Produce(context.Background(), p.record(i), func(r *kgo.Record, err error) {
			if i >= warmup {
				latencies[i-warmup] = float64(time.Since(due).Microseconds()) / 1000
			}
			p.onDelivery(r, err)
			wait.Done()
		})
	}
	wait.Wait()
	measured := stop()
	measured.seconds = time.Since(firstDue).Seconds()
	return &phaseResult{
		warmup:  warmup,
		records: records,
		cost:    measured,
		latency: summaryOf(latencies),
	}, p.settle()
}

// Percentiles; sorts the latencies in their place.
func summaryOf(latencies []float64) *latencySummary {
	slices.Sort(latencies)
	at := func(share float64) float64 {
		return latencies[min(int(share*float64(len(latencies))), len(latencies)-1)]
	}
	return &latencySummary{at(0.5), at(0.99), at(0.999), at(1)}
}

// What a phase cost the process; RSS is the peak of its life.
type cost struct {
	seconds   float64
	cpuMicros int64
	rssBytes  int64
}

// Begins a phase; the function returned ends it.
func startMeter() func() cost {
	cpuBefore, _ := usage()
	started := time.Now()
	return func() cost {
		cpuAfter, rss := usage()
		return cost{time.Since(started).Seconds(), cpuAfter - cpuBefore, rss}
	}
}

// CPU of the process so far, in µs, and its peak of memory, in bytes.
func usage() (int64, int64) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	micros := (u.Utime.Sec+u.Stime.Sec)*1_000_000 + u.Utime.Usec + u.Stime.Usec
	return micros, u.Maxrss * 1024
}

func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, module := range info.Deps {
		if module.Path == "github.com/twmb/franz-go" {
			return module.Version
		}
	}
	return "unknown"
}
