package linux

// remoteTypes are the types of file systems that another machine serves, as lists of mounts name them.
var remoteTypes = map[string]bool{
	"nfs": true, "nfs4": true, "cifs": true, "smb3": true, "smbfs": true, "ncpfs": true, "afs": true, "coda": true,
	"ceph": true, "fuse.ceph": true, "fuse.ceph-fuse": true, "glusterfs": true, "fuse.glusterfs": true,
	"lustre": true, "beegfs": true, "gpfs": true, "wekafs": true, "pvfs2": true, "orangefs": true, "fuse.moosefs": true,
	"fuse.mfs": true, "fuse.juicefs": true, "fuse.seaweedfs": true, "fuse.sshfs": true, "fuse.davfs": true, "davfs": true,
	"fuse.s3fs": true, "fuse.goofys": true, "fuse.mount-s3": true, "fuse.gcsfuse": true, "fuse.blobfuse": true,
	"fuse.blobfuse2": true, "fuse.rclone": true, "fuse.curlftpfs": true, "fuse.quobyte": true, "fuse.hdfs": true,
	"fuse.cvmfs2": true, "cvmfs2": true,
}

// RemoteFS reports whether a file system of that type is served by another machine. Cluster file systems on shared
// disks (gfs2, ocfs2) are not: every node reads the disks itself.
func RemoteFS(fstype string) bool { return remoteTypes[fstype] }
