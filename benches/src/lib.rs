//! Workloads, written by the project itself from fixed seeds.
