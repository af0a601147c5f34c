// Subject of the chaos run: franz-go, with its defaults beyond what the task says. It batches by
// itself, so it is fed a call a record; its buffer is made large enough that no call waits.
// See test/chaos/peers/program.ts.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

type task struct {
	Bootstrap         []string `json:"bootstrap"`
	Topic             string   `json:"topic"`
	Partitions        int      `json:"partitions"`
	RecordsPerSecond  int      `json:"recordsPerSecond"`
	DurationMs        int      `json:"durationMs"`
	ValueBytes        int      `json:"valueBytes"`
	DeliveryTimeoutMs int      `json:"deliveryTimeoutMs"`
	Idempotence       bool     `json:"idempotence"`
	OutputFile        string   `json:"outputFile"`
}

const (
	writeEvery = 100 * time.Millisecond
	// What it may take longer than the delivery timeout, before its records count as open.
	grace = 15 * time.Second
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	t, err := readTask()
	if err != nil {
		return err
	}
	lines := &outcomeLines{file: t.OutputFile}
	goes := make(chan struct{})
	go listen(goes, lines)
	client, err := connect(t)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	<-goes
	go lines.writeOften()
	send(t, client, lines)
	if err := lines.write(); err != nil {
		return err
	}
	fmt.Println("done")
	return nil // without closing the client: what is still open is to stay so
}

func readTask() (*task, error) {
	if len(os.Args) < 2 {
		return nil, errors.New("usage: franz-go-chaos <file of the task>")
	}
	file, err := os.ReadFile(os.Args[1])
	if err != nil {
		return nil, err
	}
	t := &task{}
	return t, json.Unmarshal(file, t)
}

// Ends the process when stdin ends: whoever started us is gone.
func listen(goes chan<- struct{}, lines *outcomeLines) {
	input := bufio.NewScanner(os.Stdin)
	told := false
	for input.Scan() {
		if strings.TrimSpace(input.Text()) == "go" && !told {
			told = true
			close(goes)
		}
	}
	_ = lines.write()
	os.Exit(1)
}

func connect(t *task) (*kgo.Client, error) {
	timeout := time.Duration(t.DeliveryTimeoutMs) * time.Millisecond
	options := []kgo.Opt{
		kgo.SeedBrokers(t.Bootstrap...),
		kgo.ClientID("chaos"),
		kgo.DefaultProduceTopic(t.Topic),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.RecordDeliveryTimeout(timeout),
		kgo.MaxBufferedRecords(t.total() + 1),
	}
	if !t.Idempotence {
		options = append(options, kgo.DisableIdempotentWrite())
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return client, client.Ping(ctx)
}

func (t *task) total() int {
	return t.DurationMs * t.RecordsPerSecond / 1000
}

func (t *task) value(number int) []byte {
	digits := fmt.Sprintf("%010d", number)
	return append([]byte(digits), bytes.Repeat([]byte("."), t.ValueBytes-len(digits))...)
}

// Open loop: each record when it is due, whatever became of those before.
func send(t *task, client *kgo.Client, lines *outcomeLines) {
	var open sync.WaitGroup
	total := t.total()
	open.Add(total)
	start := time.Now()
	for number := range total {
		due := start.Add(time.Duration(number) * time.Second / time.Duration(t.RecordsPerSecond))
		time.Sleep(time.Until(due))
		record := &kgo.Record{Partition: int32(number % t.Partitions), Value: t.value(number)}
		client.Produce(context.Background(), record, func(r *kgo.Record, err error) {
			lines.add(number, due, r, err)
			open.Done()
		})
	}
	settled := make(chan struct{})
	go func() {
		open.Wait()
		close(settled)
	}()
	select {
	case <-settled:
	case <-time.After(time.Duration(t.DeliveryTimeoutMs)*time.Millisecond + grace):
	}
}

// The file of outcomes, written many lines at a time.
type outcomeLines struct {
	file    string
	lock    sync.Mutex
	pending bytes.Buffer
}

func (l *outcomeLines) add(number int, due time.Time, r *kgo.Record, err error) {
	l.lock.Lock()
	defer l.lock.Unlock()
	fmt.Fprintf(&l.pending, "%d %d %d ", number, due.UnixMilli(), time.Now().UnixMilli())
	if err == nil {
		fmt.Fprintf(&l.pending, "ok %d %d\n", r.Partition, r.Offset)
		return
	}
	words := strings.Join(strings.Fields(err.Error()), " ")
	fmt.Fprintf(&l.pending, "failed - %s\n", words[:min(len(words), 80)])
}

func (l *outcomeLines) write() error {
	l.lock.Lock()
	defer l.lock.Unlock()
	if l.pending.Len() == 0 {
		return nil
	}
	file, err := os.OpenFile(l.file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = l.pending.WriteTo(file)
	return err
}

func (l *outcomeLines) writeOften() {
	for range time.Tick(writeEvery) {
		if err := l.write(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}
