// Package archive keeps events in hourly Parquet files.
package archive
